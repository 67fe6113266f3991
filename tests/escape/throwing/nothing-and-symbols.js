// Throws what has no properties; the last is thrown out.
// expect: guest
export const attack = () => { for (const odd of [undefined, null, 0n, NaN, '']) try { throw odd; } catch (caught) { if (!Object.is(caught, odd)) return 'ESCAPED: another value'; } throw Symbol('odd'); };
