// What is thrown out of the sandbox carries a function that shows it, for the host to call.
// expect: guest
// says: shown to the host
const spy = (_, options, inspect) => { throw `ESCAPED: ${$use(inspect, 'inspect')} ${options}`; };
export const attack = () => {
  const error = new Error('shown to the host');
  for (const name of ['nodejs.util.inspect.custom', 'Deno.customInspect', 'nodejs.rejection']) error[Symbol.for(name)] = spy;
  error.toJSON = error.toString = error[Symbol.toPrimitive] = spy;
  throw error;
};
