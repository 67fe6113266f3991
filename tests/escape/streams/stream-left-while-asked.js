// Leaves a stream while requests for its values are under way, from within the code that makes them too.
// attack: awaited
// intrinsics: both
export const attack = async () => {
  const silent = await Slow.silent();
  const waits = [silent.next(), silent.next()];
  const left = await silent.return('left');
  for (const { value, done } of await Promise.all(waits)) if (!done || value !== undefined) return `ESCAPED: a value of a stream that has none: ${value}`;
  if (left.value !== 'left' || !(await silent.next()).done) return 'ESCAPED: it goes on after its end';
  const seen = [];
  for (const act of [(rows) => rows.return(), (rows) => rows.next(), (rows) => rows[Symbol.dispose ?? 'return'](), (rows) => rows[Symbol.asyncIterator](), () => Promise.reject(new RangeError('mine')), () => ({ then() { throw 1; } })]) {
    let rows;
    const each = async (at) => { if (at === 1) seen.push(await act(rows)); return `v${at}`; };
    rows = await Slow.rows(4, each);
    let said = '';
    try {
      const taken = [];
      for (let n = 0; n < 4; n++) taken[n] = rows.next();
      for (const { status, value, reason } of await Promise.race([Promise.allSettled(taken), Slow.echo('').then(() => Slow.echo('')).then(() => [])])) status === 'fulfilled' ? said += value.value : seen.push(reason);
    } catch (error) { seen.push(error); }
    await rows.return();
    if (!/^((v0(v1(v2(v3)?)?)?)?(undefined)*)$/.test(said)) return `ESCAPED: other values: ${said}`;
  }
  return $all(seen.filter((value) => typeof value === 'object' && value !== null), 'stream');
};
