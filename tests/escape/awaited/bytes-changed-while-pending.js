// Bytes are changed, moved away and resized while the host has them: it has a copy.
export const attack = async () => {
  const fixed = new Uint8Array([1, 2, 3]), buffer = new ArrayBuffer(3, { maxByteLength: 64 }), wide = new Uint8Array(buffer);
  wide.set([4, 5, 6]);
  const waits = [Slow.bytes(fixed), Slow.bytes(wide)];
  fixed[0] = 9; fixed.buffer.transfer(); wide[0] = 9; buffer.resize(64); buffer.resize(0);
  const told = (await Promise.all(waits)).map((bytes) => bytes.join()).join(' ');
  return told === '1,2,3 4,5,6' ? 'held' : `ESCAPED: the host saw ${told}`;
};
