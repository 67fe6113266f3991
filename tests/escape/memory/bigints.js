// Large numbers, kept.
// expect: heap, guest
export const attack = () => { const all = [2n ** 1000n]; for (;;) all.push(all[all.length - 1] + 1n); };
