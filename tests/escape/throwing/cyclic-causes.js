// Causes in a cycle, and an AggregateError that holds itself.
// expect: guest
export const attack = () => { const a = new Error('a'), b = new AggregateError([a], 'b', { cause: a }); a.cause = b; b.errors.push(b); throw b; };
