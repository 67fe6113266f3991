// Iterator.from and Array.from over values of the host, with constructors of the guest.
export const attack = () => {
  const seen = [];
  class Taker { constructor(...args) { seen.push(args); } set length(n) { seen.push(n); } }
  Array.from.call(Taker, Tool.make()); Array.of.call(Taker, Tool.order({}));
  return $all([...seen, Iterator.from(Tool.make())], 'taken');
};
