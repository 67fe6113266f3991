// An error whose message never comes.
// expect: wall
export const attack = () => { const error = new Error('e'); Object.defineProperty(error, 'message', { get() { for (;;); } }); throw error; };
