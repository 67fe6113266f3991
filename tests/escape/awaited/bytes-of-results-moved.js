// Bytes that came from the host are moved, and a second reaction of the same promise sees them.
export const attack = async () => {
  const waits = Slow.bytes(new Uint8Array([7, 8]));
  const [one, other] = await Promise.all([waits, waits]);
  const moved = one.buffer.transfer(1 << 16);
  return one === other && other.length === 0 && new Uint8Array(moved)[5] === 0 ? $all([one, moved], 'bytes') : 'ESCAPED: memory of another';
};
