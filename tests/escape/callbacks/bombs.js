// Values that are small to make and endless to read: given to functions of the host, and returned by functions of the guest.
// intrinsics: both
export const attack = () => {
  let dag = ['x'], rope = 'x'.repeat(1024);
  for (let i = 0; i < 40; i++) dag = [dag, dag];
  for (let i = 0; i < 18; i++) rope += rope;
  const bell = Vault.bell(), any = Vault.anyBell(), odd = [dag, rope, { rope }, { get x() { return dag; } }];
  const given = odd.map((value) => $name(() => any(value)));
  const numbers = odd.map((value) => $name(() => bell(value)));
  const returned = odd.map((value) => $name(() => Vault.ring(() => value, 1)));
  const said = `${given};${numbers};${returned}`;
  if (/ran/.test(said)) return `ESCAPED: it crossed: ${said}`;
  return any(1) === 1 && bell(2) === 'rung 2' && Vault.ring((at) => `${at}`, 2) === '01' ? 'held' : 'ESCAPED: another answer';
};
