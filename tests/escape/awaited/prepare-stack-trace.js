// The stack of errors after an await is given to a hook of the guest's.
const seen = [], names = [];
export const attack = async () => {
  Error.prepareStackTrace = (error, sites) => {
    for (const site of sites ?? []) for (const name of ['getThis', 'getFunction', 'getEvalOrigin', 'getFileName', 'getScriptNameOrSourceURL', 'getTypeName', 'getFunctionName', 'getPromiseIndex']) {
      try { const value = site[name]?.(); seen.push(value, site); if (typeof value === 'string') names.push(value); } catch (error) { seen.push(error); }
    }
    return seen;
  };
  const inner = async () => { await Slow.echo('a'); throw new Error('mine'); };
  for (const run of [inner, () => Promise.all([inner(), Slow.refuse()]), () => Slow.refuse(), () => Slow.echo({ get length() { throw new Error('getter'); } })]) try { await run(); } catch (error) { seen.push(error, error.stack); }
  const strange = names.find((name) => /ext:|deno|sandbox:|\.rs/.test(name));
  return strange ? `ESCAPED: a frame of the host: ${strange}` : $all(seen, 'stack');
};
