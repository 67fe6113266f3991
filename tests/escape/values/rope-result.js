// The same as the result.
// expect: value
export const attack = () => { let rope = 'x'; for (let i = 0; i < 28; i++) rope += rope; return rope; };
