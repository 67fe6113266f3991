// Shared memory by other names: of a WebAssembly memory, of the prototype's constructor, of Atomics' errors.
export const attack = () => { try { return `ESCAPED: ${new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer.constructor.name}`; } catch {} return $use($thrown(() => Atomics.wait(new Int32Array(8), 0, 0)), 'error') || 'held'; };
