// What runs while the stack is unwound calls the host.
// expect: wall
export const attack = () => { try { for (;;); } finally { Tool.echo('ESCAPED: ran after the end'); Tool.again(1); } };
