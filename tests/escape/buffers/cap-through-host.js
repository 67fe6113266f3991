// The host's own answers are buffers too: an echo of bytes kept again and again.
// expect: ok, heap
export const attack = () => { const kept = [], bytes = new Uint8Array(1 << 19); try { for (let i = 0; i < 64; i++) kept.push(Tool.bytes(bytes)); } catch (error) { return error.name; } return `${kept.length}`; };
