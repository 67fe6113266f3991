// `yield*` delegates to an array of the host, and asks it for `throw` and `return`.
export const attack = () => { const it = (function* () { yield* Tool.make(); })(); it.next(); return $use($thrown(() => it.throw(new Error('in'))), 'thrown') || 'held'; };
