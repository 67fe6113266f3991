// A subclass of Array with accessors for its indices and its length.
let ran = 0;
class Odd extends Array { get 5() { ran++; return 5; } static get [Symbol.species]() { ran++; return Tool.echo; } at() { ran++; } }
export const attack = () => { const odd = Odd.of(1, 2); odd.length = 6; ran = 0; const sum = $thrown(() => Vault.sum(odd)); return ran > 2 ? 'ESCAPED: the subclass was asked more than once' : String(sum?.name ?? ran); };
