// A class that extends null, or a host function, or a getter's answer, to get a constructor of another kind.
export const attack = () => {
  const results = [() => class extends null {}, () => class extends Tool.make().constructor {}, () => new (class extends Tool.make().constructor {})(3), () => new (class extends Error { cause = $thrown(() => Tool.refuse()); })()];
  return $all(results.map((make) => { try { return make(); } catch (error) { return error; } }), 'class');
};
