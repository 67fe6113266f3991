// Texts that share nothing.
// expect: heap
export const attack = () => { const all = []; for (;;) all.push(`${all.length}`.padEnd(200, 'x').split('').reverse().join('')); };
