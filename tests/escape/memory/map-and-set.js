// Hash tables, which double.
// expect: heap, guest
export const attack = () => { const map = new Map(), set = new Set(); for (let i = 0; ; i++) { map.set(i, {}); set.add(`k${i}`); } };
