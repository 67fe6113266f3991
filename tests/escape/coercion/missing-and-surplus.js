// Too few and too many arguments: what is missing is no default, what is too much is never read.
let ran = 0;
export const attack = () => { const spy = new Proxy({}, { get() { ran++; } }); Tool.add(1, 2, spy, spy); Tool.echo('a', spy); const errors = [() => Tool.add(), () => Tool.add(1), () => Tool.echo(), () => Vault.guess(1)].map($thrown); return ran > 0 || errors.includes(undefined) ? 'ESCAPED: arguments are not counted' : 'held'; };
