// Two functions that wait for each other.
// expect: wall
export const attack = async () => { let other; const one = (async () => { await null; return other; })(); other = (async () => { await null; return one; })(); return one; };
