// The CallSites of an error that the host threw, with frames of the shim on the stack.
let sites = [];
export const attack = () => {
  Error.prepareStackTrace = (_, list) => { sites = list; return list; };
  for (const run of [() => Tool.echo(5), () => Tool.refuse(), () => Tool.explode(), () => Vault.guess('x', 'y')]) { const error = $thrown(run); String(error.stack); }
  return sites.length > 0 ? `ESCAPED: ${sites.map((site) => site.getFileName()).join()}` : 'held';
};
