// The names that deno_core's realm has, by global, by typeof and by every scope that a module can see.
export const attack = () => {
  const found = [];
  for (const look of [() => Deno, () => __bootstrap, () => globalThis.Deno, () => Tool.constructor.Deno, () => globalThis[Symbol.for('Deno.internal')]]) {
    try { found.push(look()); } catch {}
  }
  return found.some((value) => value !== undefined) ? `ESCAPED: ${$all(found, 'name')}` : 'held';
};
