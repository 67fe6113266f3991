// The accessors of TypedArray.prototype and ArrayBuffer.prototype are replaced.
export const attack = () => {
  const typed = Object.getPrototypeOf(Uint8Array.prototype);
  for (const [target, key] of [[typed, 'length'], [typed, 'byteLength'], [typed, 'byteOffset'], [typed, 'buffer'], [ArrayBuffer.prototype, 'byteLength'], [typed, Symbol.toStringTag]]) Object.defineProperty(target, key, { configurable: true, get: () => 1 << 20 });
  const bytes = Tool.bytes(new Uint8Array([1, 2, 3]));
  return bytes[2] === 3 && bytes[3] === undefined ? 'held' : 'ESCAPED: the host believes an accessor';
};
