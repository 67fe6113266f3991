// An object that is a number when asked, for every scalar parameter: it must be refused, not asked.
let asked = 0;
const odd = { [Symbol.toPrimitive]() { asked++; return 1; }, valueOf() { asked++; return 1; }, toString() { asked++; return '1'; } };
export const attack = () => {
  const errors = [() => Tool.add(odd, odd), () => Tool.flag(odd, odd), () => Tool.echo(odd), () => Vault.guess(odd, odd), () => Vault.sum([odd])].map($thrown);
  return asked > 0 || errors.includes(undefined) ? 'ESCAPED: an argument was converted' : 'held';
};
