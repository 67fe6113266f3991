// Attributes with getters, Proxies and unknown types, for a module that is there.
// quickjs: skip — scripts of several files are refused there
// says: held
const outcomes = [];
let asked = 0;
for (const options of [{ with: { type: 'text' } }, { with: { type: 'json', mode: 'x' } }, { get with() { asked++; return { get type() { asked++; return 'bytes'; } }; } }, { with: new Proxy({ type: 'wasm' }, {}) }]) import('./a.json', options).then(() => outcomes.push('ESCAPED: a type that is not that of the module'), () => {});
export const attack = () => 'held';
export const later = () => outcomes.join('');
// --- modules/a.json
1
