// The constructors behind the web's functions make no code, and their stacks name no file of the runtime.
export const attack = () => {
  const names = Reflect.ownKeys(globalThis).filter((name) => typeof name === 'string' && !['eval', 'Function'].includes(name));
  for (const name of names) {
    const value = globalThis[name];
    if (typeof value !== 'function' && (typeof value !== 'object' || value === null)) continue;
    try { return `ESCAPED: ${name} ${value.constructor.constructor('return 1')()}`; } catch {}
  }
  if (typeof URL === 'undefined') return 'held';
  const stacks = [];
  for (const fails of [() => new URL('x'), () => atob('!'), () => structuredClone(() => {}), () => new TextDecoder('x'), () => new URLSearchParams([[1]]), () => Buffer.from(5), () => Buffer.alloc(1).readUInt8(9), () => Buffer.from('a', 'x')]) {
    try { fails(); } catch (error) { stacks.push(error.stack); }
  }
  const foreign = stacks.filter((stack) => /url\.js|clone|dom|encoding|buffer\.js|sandbox/.test(stack.split('\n').slice(1).join('')));
  return foreign.length > 0 ? `ESCAPED: ${foreign[0]}` : 'held';
};
