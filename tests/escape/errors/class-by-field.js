// A shown error has a field named by the guest's own text: it must stay a text.
export const attack = () => ['__proto__', 'constructor', 'toString', '{sku}', '%s', '\u2028', '${1}'].map((how) => { const error = $thrown(() => Tool.fail(how)); return $use(error, how) || (error.sku === how ? 'held' : `ESCAPED: ${how} became ${error.sku}`); }).join(' ');
