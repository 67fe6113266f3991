// Keeps a stream whose call ends while it is waited for, and goes on with it in the next call.
// attack: awaited
// intrinsics: both
let rows, silent, asked, said = 'nothing';
export const attack = async () => {
  silent = await Slow.silent();
  rows = await Slow.rows(3);
  asked = silent.next();
  asked.then((result) => { said = result.done ? 'end' : `ESCAPED: a value of a stream that has none: ${result.value}`; }, (error) => { said = $use(error, 'error') || 'error'; });
  rows.next();
  return 'begun';
};
export const later = () => {
  const next = $thrown(() => { silent.next().catch(() => {}); rows.next().catch(() => {}); });
  return said.startsWith('ESCAPED') ? said : $use(next, 'next') || $use(asked, 'asked') || 'held';
};
