// A text that is built and dropped for ever, by replace with a function.
// expect: wall
export const attack = () => { for (;;) 'abcdef'.repeat(100).replace(/[a-f]/g, (c) => c + c).split('c').join('d'); };
