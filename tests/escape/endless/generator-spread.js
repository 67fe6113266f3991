// A generator without end is spread into a call, and into a list.
// expect: wall, heap, stack
// quickjs: expect: wall, heap, stack, guest
export const attack = () => Math.max(...(function* () { for (;;) yield 1; })());
