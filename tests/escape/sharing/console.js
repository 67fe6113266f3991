// V8's own console is there in every new realm, writes where an inspector is, and has more methods than the console of a sandbox.
export const attack = () => { const own = ['context', 'memory', 'profile', 'profileEnd', 'timeStamp'].filter((name) => name in console); console.log('written by a guest'); return own.length > 0 ? `ESCAPED: console ${own}` : 'held'; };
