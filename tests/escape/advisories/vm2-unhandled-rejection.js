// Rejections that no one handles end the process of the host.
// says: going on 400
const odd = [() => { const error = new Error('e'); error.name = Symbol('n'); throw error; }, () => { throw Object.create(null); }, () => { throw Symbol('s'); }, () => Tool.refuse()];
export const attack = () => {
  for (let i = 0; i < 100; i++) for (const run of odd) { new Promise(run); (async () => run())(); Promise.resolve().then(run); (async function* () { run(); })().next(); }
  return `going on ${100 * odd.length}`;
};
