// `with` makes a bare name out of a property, which a filter of property accesses does not see.
// file: cjs
// says: held EvalError
module.exports = {
  attack() {
    const makers = [];
    with (Tool.echo) makers.push(constructor);
    with (function () {}) makers.push(constructor);
    with (Tool) with (order({})) makers.push(constructor.constructor);
    for (const make of makers) { const gained = $code(make, 'with'); if (gained) return gained; }
    return `${$all(makers, 'maker')} ${[...new Set(makers.map((make) => $name(() => make('return this')())))].join(' ')}`;
  },
};
