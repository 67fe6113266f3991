// A function's name may be a text of 256 million characters, and it is on every line of a stack: texts of the host, which no limit counts.
export const attack = () => {
  let name = 'x';
  for (let i = 0; i < 28; i++) name += name;
  const named = Object.defineProperty(function () { return new Error('e').stack; }, 'name', { value: name });
  const text = named();
  return text.length < 1 << 20 ? 'held' : `ESCAPED: a text of ${text.length} characters outside of the heap`;
};
