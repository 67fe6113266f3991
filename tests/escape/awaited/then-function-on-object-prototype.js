// A host's result is a thenable by inheritance: the guest gets the resolving functions, and answers in its place.
const seen = [];
export const attack = async () => {
  Object.prototype.then = function (resolve, reject) { delete Object.prototype.then; seen.push(this, resolve, reject); resolve('mine'); resolve('twice'); reject(new Error('late')); throw 1; };
  const value = await Slow.any({ a: 1 });
  return value === 'mine' ? $all(seen, 'resolver') : 'ESCAPED: it was resolved twice';
};
