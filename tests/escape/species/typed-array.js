// A species of a TypedArray may answer with an array over other memory, or a shorter one.
export const attack = () => {
  const bytes = Tool.bytes(new Uint8Array(64));
  const other = Tool.bytes(new Uint8Array(1));
  bytes.constructor = { [Symbol.species]: function () { return other; } };
  return String($thrown(() => bytes.map((x) => x + 1))?.name) + $use(bytes.buffer, 'buffer');
};
