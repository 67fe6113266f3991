// Options and attributes with getters, Proxies and types that do not exist.
const outcomes = [];
let asked = 0;
for (const options of [{ with: { type: 'json' } }, { get with() { asked++; return { get type() { asked++; return 'bytes'; } }; } }, { with: new Proxy({ type: 'x' }, {}) }, 5, null, { assert: { type: 'json' } }]) import('file:///etc/passwd', options).then((module) => outcomes.push(`ESCAPED: ${module}`), () => {});
export const attack = () => `asked ${asked}`;
export const later = () => outcomes.join('') || 'held';
