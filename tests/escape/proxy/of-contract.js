// A Proxy around the contract, to lie about it to those who compare; the invariants of frozen objects forbid it.
export const attack = () => {
  const lie = new Proxy(Tool, { get: (_, key) => () => key, getOwnPropertyDescriptor: () => undefined, ownKeys: () => [] });
  return [() => lie.add, () => Object.keys(lie), () => Object.getOwnPropertyDescriptor(lie, 'add')].map((look) => { const error = $thrown(look); return error ? error.name : 'ESCAPED: the contract is not frozen'; }).join();
};
