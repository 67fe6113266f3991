// Everything that is not quite a number in range, for a byte, a word and a float.
export const attack = () => [-1, 256, 1.5, NaN, Infinity, -0, 2 ** 53, '1', new Number(1), 1n, null, true].map((odd) => { try { return Tool.flag(true, odd); } catch (error) { return error.name; } }).join();
