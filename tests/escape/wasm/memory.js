// A WebAssembly memory is memory that no limit counts.
export const attack = () => { const failed = $thrown(() => new WebAssembly.Memory({ initial: 256 }).buffer.byteLength); return failed ? 'held' : 'ESCAPED: 16 MiB without a limit'; };
