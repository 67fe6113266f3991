// `import()` from places without a module of their own: a getter, a microtask, a callback of the host, a sort.
const outcomes = [];
const run = () => import('node:fs').then((module) => outcomes.push(`ESCAPED: ${module}`), (error) => outcomes.push($use(error, 'error')));
export const again = () => { run(); return 'again'; };
export const attack = () => { Promise.resolve().then(run); [2, 1].sort(run); Tool.again(1); Tool.order({ get id() { run(); return 1; } }); return 'started'; };
export const later = () => outcomes.join('') || 'held';
