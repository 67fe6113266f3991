// Objects that look like arrays: `length` of every kind, where a list is expected.
let ran = 0;
export const attack = () => [2 ** 53, -1, '3', NaN, { valueOf() { ran++; return 3; } }].map((length) => $thrown(() => Vault.sum({ length, 0: 1, 1: 2, 2: 3 }))?.name ?? 'ESCAPED: it crossed').join() + (ran ? 'ESCAPED: length was converted' : '');
