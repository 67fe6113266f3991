// A resizable buffer shrinks while an asynchronous method of the host has its bytes.
// attack: awaited
// says: held 1,2,3,4 1,2,3,4
export const attack = async () => {
  const buffer = new ArrayBuffer(4, { maxByteLength: 1 << 20 }), bytes = new Uint8Array(buffer);
  bytes.set([1, 2, 3, 4]);
  const waits = [Slow.bytes(bytes), Slow.bytes(new Uint8Array(buffer, 0, 4))];
  buffer.resize(0); buffer.resize(1 << 20); buffer.resize(1);
  const told = await Promise.all(waits);
  return `${$all(told, 'bytes')} ${told.map((each) => each.join()).join(' ')}`;
};
