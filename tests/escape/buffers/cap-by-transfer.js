// Growing by transfer, slice and structured copies: each is an allocation as well.
// quickjs: skip — buffers are part of the heap there
export const attack = () => { const kept = [], base = new ArrayBuffer(1 << 20); try { for (let i = 0; i < 16; i++) { kept.push(base.slice(), new Uint8Array(new Uint8Array(base)), new ArrayBuffer(1 << 19).transfer(1 << 20)); } } catch (error) { return error.name; } return `ESCAPED: ${kept.length} MiB of buffers`; };
