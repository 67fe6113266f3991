// A buffer that was transferred away is an argument without memory.
export const attack = () => { const view = new Uint8Array(8), buffer = view.buffer; buffer.transfer(); return [() => Tool.bytes(view), () => Tool.bytes(buffer), () => Vault.sum(new Float64Array(buffer.detached ? 0 : 1))].map((run) => { try { return run().length ?? 0; } catch (error) { return error.name; } }).join(); };
