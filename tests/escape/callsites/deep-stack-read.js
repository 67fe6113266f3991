// A stack of many frames whose functions have getters for names.
export const attack = () => {
  Error.stackTraceLimit = 1e6;
  let ran = 0;
  function dig(n) { if (n > 0) return dig(n - 1); return new Error('deep').stack; }
  Object.defineProperty(dig, 'name', { get() { ran++; return 'named'; } });
  const text = dig(500);
  return /sandbox:|ext:/.test(text) ? 'ESCAPED: frames of the host' : `held ${ran}`;
};
