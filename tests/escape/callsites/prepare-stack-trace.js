// A CallSite has `getThis` and `getFunction`: the way out of vm2 of 2023.
let sites = [];
export const attack = () => {
  Error.prepareStackTrace = (_, list) => { sites = list; return 'prepared'; };
  const text = String(new Error('e').stack);
  delete Error.prepareStackTrace;
  if (sites.length > 0) return `ESCAPED: CallSites ${$all(sites.flatMap((site) => [site, site.getThis?.(), site.getFunction?.()]), 'site')}`;
  return text.includes('prepared') ? 'ESCAPED: it was called' : 'held';
};
