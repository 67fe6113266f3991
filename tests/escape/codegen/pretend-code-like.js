// Trusted-types make "code-like" objects that eval takes; a symbol or a prototype must not make one.
export const attack = () => { const like = Object.create(String.prototype, { toString: { value: () => '1' } }); return typeof eval(like) === 'object' && typeof eval([]) === 'object' ? 'held' : 'ESCAPED: an object was evaluated'; };
