// A promise that a reaction of the load made is returned by a call, and raced with one of the host's that never settles.
let resolve; const shared = new Promise((r) => { resolve = r; });
export const attack = async () => { const never = Slow.never(); setOnce(); return Promise.race([shared, never]); };
const setOnce = () => { Slow.echo('held').then(resolve); };
