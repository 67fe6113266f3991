// Data that holds itself: straight away, through a list, through a Map, through a getter.
export const attack = () => { const a = {}; a.a = a; const b = []; b[0] = [b]; const c = new Map(); c.set('c', c); const d = { get d() { return { __proto__: null, d: d }; } }; return [a, b, c, d].map((odd) => $thrown(() => Tool.any(odd))?.name ?? 'ESCAPED: a cycle crossed').join(); };
