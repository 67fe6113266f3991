// Each way out of the map of names, from a file in a folder.
// quickjs: skip — scripts of several files are refused there
// intrinsics: both
// says: held
const outcomes = [];
import { tried } from "./lib/a.mjs";
tried(outcomes);
export const attack = () => 'held';
export const later = () => outcomes.join('');
// --- modules/lib/a.mjs
const names = ['../../../secret.js', '/etc/passwd', '//etc/passwd', 'file:///etc/passwd', 'FILE:///etc/passwd', './%2e%2e/%2e%2e/x.js', '.%2fa.mjs', '..\\..\\x.js', 'node:fs', 'fs', 'ext:core/mod.js', 'data:text/javascript,export default 1', 'https://example.com/a.js', 'npm:x', 'sandbox:Tool', './a.mjs\0', './a.mjs?x', './a.mjs#x', './A.mjs', '\u202e./a.mjs', './a\u0301.mjs', 'modules/lib/a.mjs', 'constructor', '__proto__', './__proto__', '', '.', '..', '...', './/a.mjs', './a.mjs/', 'x'.repeat(1e5)];
export const tried = (outcomes) => names.map((name) => import(name).then(() => outcomes.push(`ESCAPED: ${name} `), () => {}));
