// `caller` and `arguments` of sloppy functions lead to whoever calls: a shim in sloppy mode, or the host.
const found = [];
const sloppy = new Proxy(function () {}, {});
export const again = () => { for (const f of [again, attack, Tool.again, Tool.echo, sloppy]) for (const key of ['caller', 'arguments', 'callee']) try { found.push(f[key]); } catch {} return 'x'; };
export const attack = () => { Tool.again(1); return found.some((value) => value !== undefined && value !== null) ? `ESCAPED: ${$all(found, 'caller')}` : 'held'; };
