// Conversions that call each other until the stack ends, and lists that join themselves.
export const attack = () => { const a = { toString() { return String(b); } }, b = { toString() { return String(a); } }; const c = []; c[0] = c; return [() => String(a), () => String(c), () => Object.prototype.toLocaleString.call(a)].map((run) => $thrown(run)?.name ?? 'done').join(); };
