// Property descriptors inherit: `get`, `set`, `value` and `writable` on Object.prototype change what is defined with them.
export const attack = () => {
  const poison = { get: () => 'poisoned', set: undefined, enumerable: true, configurable: true, writable: true };
  for (const key of Object.keys(poison)) Object.defineProperty(Object.prototype, key, { __proto__: null, configurable: true, writable: true, value: poison[key] });
  try { const made = Tool.order({ id: 3 }); const error = $thrown(() => Tool.fail('a')); return made.id === 3 && error.sku === 'a' ? 'held' : 'ESCAPED: a definition was changed'; } finally { for (const key of Object.keys(poison)) delete Object.prototype[key]; }
};
