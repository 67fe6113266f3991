// The guest remembers that it was ended, and what it can do in the next call.
// expect: wall
let turns = 0;
export const attack = () => { const p = Promise.resolve(); p.then(() => { turns = 'ESCAPED: a reaction of an ended call'; }); for (;;) turns++; };
