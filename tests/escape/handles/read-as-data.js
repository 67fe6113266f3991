// Reads a handle as data, and gives one to a method that takes any data.
export const attack = () => {
  const drawer = Vault.open('a');
  const said = [JSON.stringify(drawer), JSON.stringify([drawer]), $keys(drawer).length, Object.entries(drawer).length, Object.prototype.toString.call(drawer)].join();
  const error = $thrown(() => Tool.any(drawer)), inside = $thrown(() => Tool.any({ a: [drawer] }));
  return $use(error, 'error') || $use(inside, 'inside') || (/\d/.test(said.replace(/,0,0,/, '')) ? `ESCAPED: the number was told: ${said}` : 'held');
};
