// `import()` of each scheme that a loader may know.
const gained = [];
for (const name of ['node:fs', 'ext:core/ops', 'ext:core/mod.js', 'file:///etc/passwd', 'data:text/javascript,export default 1', 'blob:x', 'https://example.com/a.js', 'npm:x', 'jsr:x', './a.js', '/etc/passwd', 'internal:x', '', 'sandbox:Tool']) import(name).then((module) => gained.push(`${name} ${$use(module, 'module')}`), () => {});
export const attack = () => 'started';
export const later = () => (gained.length > 0 ? `ESCAPED: ${gained}` : 'held');
