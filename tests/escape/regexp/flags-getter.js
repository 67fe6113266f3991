// Flags that are a getter and claim that a pattern is global: the search never moves on.
// expect: wall, heap
export const attack = () => { let looks = 0; const pattern = /a/; Object.defineProperty(pattern, 'flags', { get() { looks++; return looks % 2 ? 'g' : 'gu'; } }); return 'aaa'.replaceAll(pattern, () => Tool.echo('b')); };
