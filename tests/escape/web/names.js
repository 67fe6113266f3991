// A name is a value of the realm: no getter of the host is seen, and what a guest assigns is the guest's.
export const attack = () => {
  for (const name of ['URL', 'atob', 'crypto', 'structuredClone', 'performance', 'console', 'self', 'Headers', 'Response', 'Blob', 'MessageChannel']) {
    const property = Object.getOwnPropertyDescriptor(globalThis, name);
    if (property === undefined) continue;
    if ('get' in property || !('value' in property)) return `ESCAPED: ${name} is an accessor`;
    if (typeof property.value === 'object' && !(property.value instanceof Object)) return `ESCAPED: ${name} is of another realm`;
    if (property.writable) {
      globalThis[name] = 5;
      if (globalThis[name] !== 5) return `ESCAPED: ${name} cannot be assigned`;
      delete globalThis[name];
      if (name in globalThis) return `ESCAPED: ${name} cannot be deleted`;
    }
  }
  return 'held';
};
