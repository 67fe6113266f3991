// Each built-in iterator of a host value has a prototype chain of its own.
export const attack = () => {
  const [array, bytes] = [Tool.make(), Tool.bytes(new Uint8Array([1]))];
  return $all([array.values(), array.entries(), array.values().map((x) => x), bytes.keys(), Iterator.from(array), 'a'.matchAll(/a/g)], 'iterator');
};
