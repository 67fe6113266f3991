// Asks a stream for many thousands of values at once, more than it has.
// attack: awaited
// intrinsics: both
// expect: ok, heap
export const attack = async () => {
  const asked = 20_000, has = 7;
  const rows = await Slow.rows(has);
  const promises = [];
  for (let at = 0; at < asked; at++) promises[at] = rows.next();
  for (let at = 0; at < asked; at++) {
    const { value, done } = await promises[at];
    if (at < has ? done || value !== String(at) : !done || value !== undefined) return `ESCAPED: value ${at} is ${value}`;
  }
  return $use(rows, 'rows') || 'held';
};
