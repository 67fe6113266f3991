// Async generators that yield promises of the host, are re-entered, and return while they wait.
const seen = [];
export const attack = async () => {
  async function* all() { try { for (;;) seen.push(yield Slow.any({ n: seen.length })); } finally { seen.push(yield Slow.echo('end')); } }
  const it = all(), queue = [it.next(), it.next(it), it.return(Slow.order({})), it.next(), it.throw(new Error('late'))];
  const settled = await Promise.allSettled(queue);
  for await (const value of all()) { seen.push(value); if (seen.length > 20) break; }
  return $all([it, all, ...settled, ...seen], 'generator');
};
