// Bytes that are dropped must not count for ever: else a guest shuts itself and its host out with an honest loop.
export const attack = () => {
  const bytes = new Uint8Array(1 << 19);
  let length = 0;
  for (let i = 0; i < 64; i++) length += Tool.bytes(bytes).length;
  return length === 64 << 19 ? 'held' : 'ESCAPED: bytes were lost';
};
