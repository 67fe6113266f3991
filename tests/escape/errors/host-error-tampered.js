// Changes the host's error before it lets it pass: the host must not take what the guest wrote for its own.
// expect: guest
export const attack = () => {
  const error = $thrown(() => Tool.fail('a'));
  error.message = 'tampered'; error.name = 'Tampered'; error.sku = { toString() { throw 1; } };
  Object.setPrototypeOf(error, { get name() { return Tool.echo('again'); } });
  throw error;
};
