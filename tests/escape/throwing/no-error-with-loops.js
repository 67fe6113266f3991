// What is thrown is no Error, and each of its fields loops: none is to be read.
// expect: guest, wall
export const attack = () => { throw { get message() { for (;;); }, get name() { for (;;); }, get stack() { for (;;); }, toString() { for (;;); } }; };
