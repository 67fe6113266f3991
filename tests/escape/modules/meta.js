// Reads all that `import.meta` tells, and changes it.
// quickjs: skip — scripts of several files are refused there
// says: held
import { meta } from './lib/a.mjs';
const own = import.meta;
const keys = Reflect.ownKeys(meta).join();
own.url = meta.url = 'file:///etc/passwd';
delete own.main;
const outcomes = [];
import('./lib/../../../etc/passwd').then(() => outcomes.push('ESCAPED: a file'), () => {});
export const attack = () => (keys === 'url,main' && Object.getPrototypeOf(meta) === null ? 'held' : `ESCAPED: ${keys}`);
export const later = () => outcomes.join('');
// --- modules/lib/a.mjs
export const meta = import.meta;
