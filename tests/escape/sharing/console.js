// A console writes where the host may not want it, and V8's is there in every new realm.
export const attack = () => { if (typeof console === 'undefined') return 'held'; console.log('written by a guest'); return `ESCAPED: console ${Object.keys(console).length}`; };
