// A comparator that never says the same twice, over a list that is sorted again and again.
// expect: wall
export const attack = () => { const list = Array.from({ length: 1000 }, (_, i) => i); let n = 0; for (;;) list.sort(() => (n++ % 3) - 1); };
