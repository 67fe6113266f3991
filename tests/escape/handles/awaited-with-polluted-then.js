// A handle is no thenable, whatever Object.prototype has.
// attack: awaited
export const attack = async () => {
  const drawer = Vault.key();
  Object.prototype.then = function (resolve) { resolve('mine'); };
  try {
    return (await drawer) === drawer && (await drawer.later()) === 1 ? 'held' : 'ESCAPED: a handle was asked for `then`';
  } finally { delete Object.prototype.then; }
};
