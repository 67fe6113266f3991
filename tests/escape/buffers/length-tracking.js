// A view that follows its buffer: zero, then huge, then out of bounds.
export const attack = () => {
  const buffer = new ArrayBuffer(16, { maxByteLength: 1 << 20 }), all = new Uint8Array(buffer), tail = new Uint8Array(buffer, 8, 8), lengths = [];
  for (const size of [0, 1 << 20, 12, 8, 16]) { buffer.resize(size); for (const view of [all, tail]) try { lengths.push(Tool.bytes(view).length); } catch (error) { lengths.push(error.name); } }
  return lengths.join();
};
