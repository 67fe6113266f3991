// Counts the globals that are no part of the language, also those that do not enumerate.
export const attack = () => { const odd = Reflect.ownKeys(globalThis).filter((key) => typeof key === 'symbol' || /^(op_|Deno|__|v8|%|internal)/i.test(key)); return odd.length > 0 ? `ESCAPED: ${odd.map(String)}` : 'held'; };
