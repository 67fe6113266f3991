// A hook that asks for another stack, and that one for another.
export const attack = () => {
  let calls = 0;
  Error.prepareStackTrace = (error) => { calls++; return new Error('inner').stack + error; };
  String(new Error('outer').stack);
  return calls > 0 ? 'ESCAPED: the hook was called' : 'held';
};
