// The hook is inherited: it may be planted where `Error` inherits from.
let sites;
export const attack = () => {
  Object.prototype.prepareStackTrace = Function.prototype.prepareStackTrace = (_, list) => { sites = list; };
  String(new Error('a').stack);
  delete Object.prototype.prepareStackTrace; delete Function.prototype.prepareStackTrace;
  return sites ? 'ESCAPED: CallSites' : 'held';
};
