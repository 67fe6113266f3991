// Getters of arguments call the same method, throw, and throw a host's error.
const seen = [];
export const attack = async () => {
  const hostile = (depth) => ({ get a() { if (depth > 0) seen.push((async () => Slow.any(hostile(depth - 1)))()); return Slow.echo(String(depth)) && depth; }, get z() { if (depth % 2) throw seen; Tool.fail('a'); } });
  for (let i = 0; i < 4; i++) seen.push(await (async () => Slow.any(hostile(i)))().catch((error) => error));
  const settled = await Promise.allSettled(seen);
  return $all([...seen, ...settled.map(({ value, reason }) => value ?? reason)], 'argument');
};
