// Own `length`, `byteLength`, `byteOffset` and `buffer` that lie about a view.
export const attack = () => {
  const view = new Uint8Array([1, 2, 3]);
  for (const [key, value] of [['length', 1 << 20], ['byteLength', 1 << 20], ['byteOffset', 1 << 16], ['buffer', new ArrayBuffer(1 << 10)]]) Object.defineProperty(view, key, { value });
  return Tool.bytes(view).length === 3 ? 'held' : 'ESCAPED: memory beyond the view';
};
