// A promise of the host resolves with an object of the host, which keeps its identity across the boundary.
// attack: awaited
// says: held copies
export const attack = async () => {
  const ask = () => Promise.all([Slow.order({ id: 1 }), Slow.bytes(new Uint8Array(2)), Slow.any({ a: [1] })]);
  const first = await ask(), marked = new WeakSet(first);
  first.forEach((value) => { value.mark = 'mine'; });
  const second = await ask();
  const kept = second.some((value) => marked.has(value) || value.mark);
  return `${$all([...first, ...second], 'value')} ${kept ? 'ESCAPED: one object of the host' : 'copies'}`;
};
