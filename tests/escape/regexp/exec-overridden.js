// `exec` that belongs to the guest, for whoever tests a text with a pattern.
const seen = [];
export const attack = () => { RegExp.prototype.exec = function (text) { seen.push(text); return null; }; RegExp.prototype.test = RegExp.prototype[Symbol.replace] = function (text) { seen.push(text); return true; }; Tool.echo('secret'); $thrown(() => Tool.fail('x')); Vault.guess(1, 'pin'); return seen.length > 0 ? 'ESCAPED: the host uses RegExp of the guest' : 'held'; };
