// A cause that is a getter without end.
// expect: wall
export const attack = () => { throw Object.defineProperty(new Error('e'), 'cause', { get() { for (;;); } }); };
