// A promise of a subclass is returned, with a `then` and a `constructor` of its own that are not to be used.
class Mine extends Promise { then() { return 'ESCAPED: then of the subclass'; } }
Object.defineProperty(Mine.prototype, 'constructor', { get() { for (;;); } });
export const attack = () => { const promise = new Mine((resolve) => resolve('held')); Object.defineProperty(promise, 'then', { get() { for (;;); } }); return promise; };
