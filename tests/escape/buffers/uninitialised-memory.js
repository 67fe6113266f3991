// Bytes of the host must hold what was written and nothing of the host's memory, also when they are grown or sliced.
export const attack = () => { const bytes = Tool.bytes(new Uint8Array(4096)); const wide = new Uint8Array(bytes.buffer.transfer(65536)); return wide.every((byte) => byte === 0) ? 'held' : 'ESCAPED: memory of the host'; };
