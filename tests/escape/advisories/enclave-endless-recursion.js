// Recursion without end raises the error of a full stack in code of the host, at every depth.
// says: held RangeError
const seen = new Set();
const deep = (depth) => {
  try { Tool.order({ lines: [{ sku: 'a' }] }); } catch (error) { seen.add(error); }
  try { deep(depth + 1); } catch (error) { seen.add(error); throw error; }
};
export const attack = () => {
  const last = $thrown(() => deep(0));
  return `${$all([last, ...seen].slice(0, 200), 'error')} ${last.name}`;
};
