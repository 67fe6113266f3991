// Getters and Proxies where a loader looks for exports.
// quickjs: skip — scripts of several files are refused there
// says: held
import own, { a } from './a.cjs';
import proxy from './proxy.cjs';
export const attack = () => (a === 2 && own.a > 2 && $use(proxy, 'proxy') === '' ? 'held' : `ESCAPED: ${a}`);
export const later = () => '';
// --- modules/a.cjs
let count = 1;
exports.a = 0;
Object.defineProperty(exports, 'a', { get() { count++; try { require('./getters-of-exports.mjs'); } catch {} return count; } });
// --- modules/proxy.cjs
const traps = new Proxy({}, { get: (_, name) => () => { throw name; } });
module.exports = new Proxy(function () {}, { get: () => traps, has: () => true, getPrototypeOf: () => traps });
exports.b = 1;
