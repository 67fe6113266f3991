// Iterator helpers run a mapper of the guest for each step, and close the source when it throws.
export const attack = () => {
  const seen = [];
  const source = { __proto__: Iterator.prototype, next: () => ({ value: Tool.make(), done: false }), return() { seen.push('closed'); return {}; } };
  $thrown(() => source.map(() => { throw 1; }).next());
  return $all([source.take(2).toArray()[0], source.flatMap((x) => x).next()], 'helper') + seen;
};
