// The second argument cuts the stack at a function: with a host method, what is above it may be the host's.
export const attack = () => {
  const texts = [Tool.echo, Tool.again, Function.prototype, attack].map((cut) => { const target = {}; Error.captureStackTrace(target, cut); return target.stack; });
  return texts.some((text) => /sandbox:|ext:|\.rs|deno/.test(text)) ? `ESCAPED: ${texts}` : 'held';
};
