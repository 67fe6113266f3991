// A list of forbidden modules forgets some: `process`, `inspector/promises`, and what comes with the next version.
// attack: awaited
// says: held 40 refused
const bases = ['process', 'inspector/promises', 'fs/promises', 'child_process', 'worker_threads', 'vm', 'module', 'sqlite', 'test', 'trace_events'];
export const attack = async () => {
  const names = bases.flatMap((base) => [base, `node:${base}`, `ext:${base}`, `npm:${base}`]);
  const settled = await Promise.allSettled(names.map((name) => import(name)));
  const refused = settled.filter((each) => each.status === 'rejected').map((each) => each.reason);
  return refused.length === names.length ? `${$all(refused, 'refusal')} ${refused.length} refused` : `ESCAPED: ${names.filter((_, at) => settled[at].status !== 'rejected')}`;
};
