// The guest throws what the engine throws for a full stack: it ends nobody but itself.
// expect: stack
export const attack = () => { throw new RangeError('Maximum call stack size exceeded'); };
