// `using` throws while it is left by a throw: the suppressed errors are a chain of their own.
// expect: guest
export const attack = () => { const bad = () => ({ [Symbol.dispose]() { throw new Error('again'); } }); { using a = bad(), b = bad(), c = bad(); throw Object.assign(new Error('first'), { cause: Tool }); } };
