// Many buffers of a megabyte, all kept: their sum must stay under the cap.
// quickjs: skip — buffers are part of the heap there
export const attack = () => { const kept = []; try { for (let i = 0; i < 64; i++) kept.push(new ArrayBuffer(1 << 20)); } catch (error) { return error.name; } return `ESCAPED: ${kept.length} MiB of buffers`; };
