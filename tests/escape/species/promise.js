// A species of Promise gets the resolving functions of whoever chains on it.
const seen = [];
class Spy extends Promise { constructor(run) { super((resolve, reject) => { seen.push(resolve, reject); run(resolve, reject); }); } }
export const attack = () => {
  Object.defineProperty(Promise, Symbol.species, { get: () => Spy });
  Promise.prototype.constructor = Spy;
  import('x').catch((error) => seen.push(error));
  return 'started';
};
export const later = () => $all(seen, 'seen');
