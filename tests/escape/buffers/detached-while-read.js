// A getter detaches the bytes that are read next.
export const attack = () => { const view = new Uint8Array(1024).fill(7); const error = $thrown(() => Tool.any([{ get a() { view.buffer.transfer(); return 1; } }, view])); return error?.name ?? 'read'; };
