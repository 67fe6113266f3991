// Bytes come as a Uint8Array over an ArrayBuffer; both have constructors, and so has TypedArray above them.
export const attack = () => {
  const bytes = Tool.bytes(new Uint8Array([1, 2]));
  return $all([bytes, bytes.buffer, bytes.subarray(0), bytes.slice(), Object.getPrototypeOf(bytes.constructor), bytes.values()], 'bytes');
};
