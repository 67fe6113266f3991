// Arrays that shrink, grow or vanish while they are read.
export const attack = () => {
  const outcomes = [];
  for (const change of [(a) => { a.length = 0; }, (a) => { a.length = 1e6; }, (a) => { a.push(...Array(100).fill(1)); }, (a) => { Object.setPrototypeOf(a, null); }, (a) => { Object.freeze(a); }]) {
    const list = [{ get sku() { change(list); return 'a'; } }, { sku: 'b' }, { sku: 'c' }];
    try { outcomes.push(Tool.order({ lines: list }).lines.length); } catch (error) { outcomes.push($use(error, 'error') || error.name); }
  }
  return outcomes.join();
};
