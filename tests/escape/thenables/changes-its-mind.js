// A thenable resolves, rejects, throws and resolves again with another thenable.
let outcomes = '';
export const attack = () => {
  const fickle = { then(resolve, reject) { resolve({ then(r) { r(1); r(2); throw 3; } }); reject(4); throw 5; } };
  Promise.resolve(fickle).then((value) => { outcomes += value; }, (error) => { outcomes += `!${error}`; });
  return 'started';
};
export const later = () => (outcomes === '1' ? 'held' : `ESCAPED: settled as ${outcomes}`);
