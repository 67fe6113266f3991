// Looks for properties that do not enumerate, on everything of the host.
export const attack = () => {
  const odd = [Tool, Tool.echo, Tool.make(), Tool.order({}), $thrown(() => Tool.refuse())].flatMap((value) => Reflect.ownKeys(value)).filter((key) => typeof key === 'symbol');
  return odd.length > 0 ? `ESCAPED: ${odd.map(String)}` : $all(Reflect.ownKeys(Tool.echo).map((key) => Tool.echo[key]), 'own');
};
