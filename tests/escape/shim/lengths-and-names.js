// Names and lengths of host methods are constants.
export const attack = () => [Tool.add, Tool.echo, Vault.sum].flatMap((method) => ['name', 'length', 'prototype', 'caller'].map((key) => Reflect.defineProperty(method, key, { value: Tool }))).includes(true) ? 'ESCAPED: it was redefined' : 'held';
