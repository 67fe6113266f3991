// Generator functions have a `prototype` without a constructor, and a parent whose constructor makes code.
export const attack = () => { const f = function* () {}; return $all([f.prototype, Object.getPrototypeOf(f), Object.getPrototypeOf(f).constructor, Object.getPrototypeOf(Object.getPrototypeOf(f.prototype))], 'generator'); };
