// The host's own answers are buffers too: an echo of bytes, kept again and again, is memory that the guest has.
// quickjs: skip — buffers are part of the heap there
export const attack = () => {
  const kept = [], bytes = new Uint8Array(1 << 19);
  try { for (let i = 0; i < 64; i++) kept.push(Tool.bytes(bytes)); } catch (error) { return $use(error, 'error') || error.name; }
  return `ESCAPED: ${kept.length / 2} MiB of buffers`;
};
