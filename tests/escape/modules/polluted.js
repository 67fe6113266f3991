// Replaces what a loader written in JavaScript would ask.
// quickjs: skip — scripts of several files are refused there
// intrinsics: both
// file: cjs
// says: held
const replace = (home, name, value) => { try { Object.defineProperty(home, name, { value, configurable: true, writable: true }); } catch {} };
const evil = () => ({ exports: 'ESCAPED: an answer of the guest' });
const homes = [[Map.prototype, ['get', 'set', 'has']], [String.prototype, ['split', 'startsWith', 'slice', 'indexOf']], [Object, ['create', 'keys']], [Promise.prototype, ['then', 'catch', 'constructor']], [Promise, ['resolve', Symbol.species]], [JSON, ['parse']], [Reflect, ['get', 'apply']], [Object.prototype, ['exports', './a.cjs', 'type', 'default']], [Function.prototype, ['call', 'apply', 'bind']], [Array.prototype, ['push', 'pop', 'join', Symbol.iterator]]];
for (let i = 0; i < homes.length; i++) for (let j = 0; j < homes[i][1].length; j++) replace(homes[i][0], homes[i][1][j], evil);
const a = require('./a.cjs'), b = require('./b.json').b, c = require('./c.mjs').c;
module.exports = { attack: () => (a === 'a' && b === 'b' && c === 'c' ? 'held' : `ESCAPED: ${typeof a} ${typeof b} ${typeof c}`), later: () => '' };
// --- modules/a.cjs
module.exports = 'a';
// --- modules/b.json
{ "b": "b" }
// --- modules/c.mjs
import a from './a.cjs';
export const c = a === 'a' ? 'c' : a;
