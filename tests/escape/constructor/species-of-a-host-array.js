// An array's `constructor` decides what `map` makes: with the host's array it could make a host's object.
export const attack = () => {
  const array = Tool.make();
  return $all([array.map((x) => x), array.concat([]), array.slice(), array.filter(Boolean), array.flat()], 'derived');
};
