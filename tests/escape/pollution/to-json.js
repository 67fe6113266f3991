// `toJSON` on everything: a host that crosses by JSON text would ask it.
let ran = 0;
export const attack = () => {
  for (const target of [Object, Array, String, Number, BigInt, Boolean, Date, Error]) target.prototype.toJSON = () => { ran++; return 'ESCAPED: JSON'; };
  const back = [Tool.any({ a: 1 }), Tool.order({ id: 1 }), Tool.echo('a'), Tool.add(1, 2)];
  return ran > 0 || back.includes('ESCAPED: JSON') ? 'ESCAPED: values cross as JSON text' : 'held';
};
