// Lengths at the edges of what an engine can address.
export const attack = () => [2 ** 53 - 1, 2 ** 33, 2 ** 32, -1, 1.5, Infinity].map((size) => { try { return new ArrayBuffer(size).byteLength; } catch (error) { return error.name; } }).join();
