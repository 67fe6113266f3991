// `Promise.prototype.constructor` and `Symbol.species` are the guest's before anything is awaited.
const seen = [];
class Evil extends Promise { constructor(executor) { super((a, b) => { seen.push(a, b, executor); executor(a, b); }); } static get [Symbol.species]() { seen.push(this); return Evil; } }
Object.defineProperty(Promise.prototype, 'constructor', { configurable: true, get() { seen.push(this); return Evil; } });
Object.defineProperty(Promise, Symbol.species, { configurable: true, get() { seen.push(this); return Evil; } });
export const attack = async () => { const value = await Slow.echo('a'); if (value !== 'a') return 'ESCAPED: another answer'; await Promise.all([Slow.any({}), Slow.order({})]); const all = [...seen]; delete Promise.prototype.constructor; return $all(all, 'constructor'); };
