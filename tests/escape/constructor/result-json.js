// Nested data of no declared type, written by another path than structs.
export const attack = () => {
  const data = Tool.any({ a: { b: [{ c: 'd' }] }, e: null, f: 1.5 });
  return $all([data, data.a, data.a.b, data.a.b[0], data.a.b[0].c.constructor], 'data');
};
