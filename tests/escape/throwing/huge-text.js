// A message, name and stack of many millions of characters.
// expect: guest
export const attack = () => { const text = 'x'.repeat(1 << 22), error = new Error(text); error.name = text; error.stack = text; throw error; };
