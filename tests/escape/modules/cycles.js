// Cycles of `import`, `import()` and `require` in the middle of an evaluation, which engines end the process for.
// quickjs: skip — scripts of several files are refused there
// says: held
import './a.cjs';
export const attack = () => 'held';
export const later = () => '';
// --- modules/a.cjs
const names = ['./b.mjs', './cycles.mjs', './c.cjs', './a.cjs', './d.mjs', './e.mjs'];
for (const name of [...names, ...names]) { try { require(name); } catch {} import(name).catch(() => {}); }
// --- modules/b.mjs
import './cycles.mjs';
import a from './a.cjs';
export default a;
// --- modules/c.cjs
import('./b.mjs').catch(() => {});
require('./d.mjs');
// --- modules/d.mjs
import './c.cjs';
import './e.mjs';
export default 1;
// --- modules/e.mjs
await import('./d.mjs').catch(() => {});
throw new Error('e');
