// Objects in dictionary mode, with names that are interned.
// expect: heap, guest
export const attack = () => { const all = []; for (let i = 0; ; i++) all.push({ [`k${i}`]: i, [Symbol(i)]: i }); };
