// The new phases of import.
const outcomes = [];
for (const run of [() => import.source('x.wasm'), () => import.defer('node:fs'), () => import.source('file:///a.wasm')]) try { run().then((module) => outcomes.push(`ESCAPED: ${module}`), () => {}); } catch {}
export const attack = () => 'started';
export const later = () => outcomes.join('') || 'held';
