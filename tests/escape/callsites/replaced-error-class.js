// The engine asks the realm's Error for the hook; a guest may put another object there.
let sites;
export const attack = () => {
  const Original = Error;
  globalThis.Error = { prepareStackTrace(_, list) { sites = list; return 'x'; } };
  String(new Original('a').stack); String($thrown(() => null.x).stack);
  return sites ? 'ESCAPED: CallSites' : 'held';
};
