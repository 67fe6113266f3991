// `eval` directly, indirectly, by another name, with a receiver, by apply.
// quickjs: expect: guest
export const attack = () => { for (const run of [() => eval('1'), () => (0, eval)('globalThis'), () => globalThis.eval('this'), () => Reflect.apply(eval, null, ['1']), () => [1].map(eval.bind(null, '1')), () => eval?.('1')]) try { return `ESCAPED: code from text ${$global(run(), 'eval')}`; } catch (error) { const gained = $use(error, 'error'); if (gained) return gained; } return eval(5) === 5 ? 'held' : 'no'; };
