// Timers and intervals that are left when the call ends. None runs later.
export const attack = async () => {
  if (typeof setTimeout === 'undefined') return 'held';
  setTimeout(() => { globalThis.ran = true; }, 0);
  setInterval(() => { globalThis.ran = true; }, 0);
  return 'held';
};
export const later = () => (globalThis.ran ? 'ESCAPED: a timer outlived its call' : 'held');
