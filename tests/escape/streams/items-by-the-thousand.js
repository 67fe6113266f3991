// Begins thousands of iterations at once, and leaves some of them.
// intrinsics: both
export const attack = () => {
  const kept = [];
  for (let at = 0; at < 3000; at++) {
    const items = Vault.items(9), first = items.next().value, second = items.next().value;
    if (first !== '0' || second !== '1') return `ESCAPED: other values: ${first} ${second}`;
    if (at % 3 === 0) items.return();
    if (at % 3 === 1) kept.push(items);
  }
  for (let at = 0; at < kept.length; at++) if (kept[at].next().value !== '2') return 'ESCAPED: another stream went on';
  return $use(kept[0], 'kept') || 'held';
};
