// `for await` over an async generator that never ends, after the call has returned.
// expect: wall
export const attack = () => { (async () => { for await (const _ of (async function* () { for (;;) yield 1; })()); })(); return 'started'; };
