// `prepareStackTrace` as a getter that returns another function each time it is looked at.
let looks = 0, sites;
export const attack = () => {
  Object.defineProperty(Error, 'prepareStackTrace', { get: () => { looks++; return (_, list) => { sites = list; }; } });
  String(new Error('a').stack); String($thrown(() => Tool.make(1)?.x.y)?.stack); String($thrown(() => null.x).stack);
  return sites ? 'ESCAPED: CallSites' : 'held';
};
