// Throws the contract object, whose methods a report might call.
// expect: guest
export const attack = () => { throw Tool; };
