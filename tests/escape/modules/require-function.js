// Follows `require` and `module` to whatever is behind them.
// quickjs: skip — scripts of several files are refused there
// file: cjs
// says: held
const look = () => $all([require, module, exports, require.main, require.cache, require.resolve, require.extensions, module.parent, module.constructor, module.require, arguments[3], require.call(null, './a.json')], 'require');
const made = $name(() => new require('./a.json'));
const name = Object.getOwnPropertyNames(require).join();
module.exports = { attack: () => (made === 'TypeError' && name === 'length,name' ? look() : `ESCAPED: ${made} ${name}`), later: () => '' };
// --- modules/a.json
{}
