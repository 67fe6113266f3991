// `Object.prototype.then` makes thenables of all objects: a host that resolves a promise with one calls the guest.
const seen = [];
export const attack = () => {
  Object.prototype.then = function (resolve) { seen.push(this, resolve); };
  try { Tool.make(); Tool.order({}); Tool.deliver(); import('x').catch(() => {}); } finally { delete Object.prototype.then; }
  return $all(seen, 'thenable');
};
