// Reflect.apply reads its list from a Proxy that changes its length between two looks.
export const attack = () => {
  let looks = 0;
  const list = new Proxy([1, 2], { get: (target, key) => (key === 'length' ? [2, 100, 1e6][looks++ % 3] : 1) });
  return [() => Reflect.apply(Tool.add, null, list), () => Reflect.apply(Tool.echo, null, list)].map((run) => { try { return run(); } catch (error) { return error.name; } }).join();
};
