// Object.prototype loses everything that it has, the realm its usual names.
export const attack = () => {
  const kept = Object.getOwnPropertyDescriptors(Object.prototype), { defineProperties } = Object;
  for (const key of Reflect.ownKeys(Object.prototype)) delete Object.prototype[key];
  const says = `${Tool.order({ id: 1 }).id}${Tool.make().length}${Tool.any({ a: 2 }).a}${$thrown(() => Tool.fail('x')).sku}`;
  defineProperties(Object.prototype, kept);
  return says === '132x' ? 'held' : `ESCAPED: ${says}`;
};
