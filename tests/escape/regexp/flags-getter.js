// Flags that are a getter, and change between looks.
let looks = 0;
export const attack = () => { const pattern = /a/; Object.defineProperty(pattern, 'flags', { get() { looks++; return looks % 2 ? 'g' : 'gu'; } }); return `${'aaa'.replaceAll(pattern, () => Tool.echo('b'))} ${looks}`; };
