// Calls the host for ever by the fast path, then by the slow one.
// expect: wall
export const attack = () => { for (let n = 0; ; n = Tool.add(n, 1)) if (n % 1000 === 0) Tool.echo('x'); };
