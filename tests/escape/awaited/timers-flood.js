// Timers without end, none of which is waited for.
// expect: ok, pending
export const attack = async () => {
  if (typeof setTimeout === 'undefined') return 'held';
  for (;;) setTimeout(() => {}, 1e9);
};
