// A global pattern whose lastIndex never moves.
// expect: wall
export const attack = () => { const pattern = /a/g; Object.defineProperty(pattern, 'lastIndex', { get: () => 0, set() {} }); pattern.exec = () => ({ index: 0, 0: '', length: 1 }); return RegExp.prototype[Symbol.match].call(pattern, 'aaa'); };
