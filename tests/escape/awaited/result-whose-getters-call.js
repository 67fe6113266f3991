// Reading the result calls asynchronous host methods, which nobody waits for.
// expect: value
export const attack = async () => { await Slow.echo('a'); return { get a() { Slow.echo('b'); return 1; }, get length() { Slow.never(); return 1; }, toString() { return 'ESCAPED: toString was called'; } }; };
