// Functions whose results the host awaits: thenables that lie, settle twice or never, throw, and resolve with themselves.
// attack: awaited
// intrinsics: both
export const attack = async () => {
  const seen = [];
  class Own extends Promise { static get [Symbol.species]() { seen.push(this); return Own; } then(...args) { seen.push(...args); return super.then(...args); } }
  const odd = [() => 'a', async () => 'b', () => ({ then(resolve) { seen.push(resolve); resolve('c'); resolve('d'); } }), () => ({ get then() { throw new RangeError('then'); } }), () => ({ then(_, reject) { reject(new RangeError('no')); } }), () => new Own((resolve) => resolve('e')), () => { const self = { then(resolve) { resolve(self); } }; return new Proxy({}, { get: (_, key) => key === 'then' ? (resolve) => resolve('f') : undefined }); },
    async () => { throw Slow; }, async function* () { yield 1; }, async () => ({}), async () => 5, new Proxy(async () => 'g', {}), (async () => 'h').bind(null), class {}, () => Slow.ring(async () => 'i', 1), async (at) => { await Slow.echo('x'); return `j${at}`; }, () => Promise.reject(), async () => { Promise.reject(1); return 'k'; }];
  const said = [];
  for (const bell of odd) {
    try { said.push(await Slow.ring(bell, 1)); } catch (error) { said.push('threw'); seen.push(error); }
  }
  const both = await Promise.allSettled(odd.slice(0, 3).map((bell) => Slow.ring(bell, 2)));
  seen.push(...both.map(({ reason }) => reason));
  const text = said.join();
  if (!/^a,b,c,threw,threw,e,f,threw,threw,threw,threw,g,h,threw,i,j0,threw,k$/.test(text)) return `ESCAPED: ${text}`;
  return $all(seen.filter((value) => typeof value === 'object' && value !== null || typeof value === 'function'), 'awaited');
};
