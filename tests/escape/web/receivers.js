// Methods and accessors of the web's classes on objects that are none of theirs, on objects that inherit, and on proxies.
export const attack = () => {
  const names = ['URL', 'URLSearchParams', 'TextEncoder', 'TextDecoder', 'DOMException', 'Crypto', 'SubtleCrypto', 'Performance', 'Buffer', 'Event', 'EventTarget', 'AbortSignal', 'AbortController', 'Headers', 'Request', 'Response', 'Blob', 'File', 'FormData', 'MessageChannel', 'MessagePort', 'MessageEvent', 'CryptoKey'].filter((name) => name in globalThis);
  for (const name of names) {
    const { prototype } = globalThis[name];
    for (const self of [undefined, 5, {}, Object.create(prototype), new Proxy(prototype, {}), new Proxy({}, { get() { throw 1; } })]) {
      for (const key of Reflect.ownKeys(prototype)) {
        const { value, get, set } = Object.getOwnPropertyDescriptor(prototype, key);
        for (const method of [value, get, set]) {
          if (typeof method !== 'function') continue;
          try {
            const given = Reflect.apply(method, self, [self, 'x', self]);
            if (typeof given === 'object' && given !== null && !(given instanceof Object)) return `ESCAPED: ${name} ${String(key)}`;
            if (given instanceof Promise) given.catch(() => {});
          } catch {}
        }
      }
    }
  }
  return 'held';
};
