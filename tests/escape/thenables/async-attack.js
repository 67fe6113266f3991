// An async export answers with a promise, which is refused; what it does afterwards is still limited.
// expect: value
export const attack = async () => { await null; return 'ESCAPED: a promise was awaited'; };
