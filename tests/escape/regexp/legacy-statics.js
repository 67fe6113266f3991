// RegExp.$1, input and lastMatch remember the last match of the realm: also one of the host's.
export const attack = () => { /(guest)/.exec('a guest'); Tool.echo('4711-pin'); $thrown(() => Tool.fail('sku')); Vault.guess(4711, 'pin'); return [RegExp.$1, RegExp.input, RegExp['$&'], RegExp.lastMatch].some((text) => text && !'a guest'.includes(text)) ? `ESCAPED: ${RegExp.input}` : 'held'; };
