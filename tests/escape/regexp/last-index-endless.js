// A global pattern whose lastIndex never moves.
// expect: wall, heap
export const attack = () => RegExp.prototype[Symbol.match].call({ flags: 'g', get lastIndex() { return 0; }, set lastIndex(_) {}, exec: () => ({ index: 0, 0: '', length: 1 }) }, 'aaa');
