// Adds a method, a symbol and a `then` to the contract.
export const attack = () => [Reflect.set(Tool, 'more', 1), Reflect.set(Tool, Symbol.toPrimitive, 1), Reflect.set(Vault, 'then', () => {}), Reflect.isExtensible(Tool), Reflect.isExtensible(Tool.echo)].includes(true) ? 'ESCAPED: the contract is open' : 'held';
