// The constructor of functions is hidden from property accesses, and is found in the descriptors of a prototype.
// says: held EvalError
export const attack = () => {
  const found = [Tool.echo, () => 1, class {}].flatMap((each) => [each.__proto__, Object.getPrototypeOf(each)]).map((link) => Object.values(Object.getOwnPropertyDescriptors(link).constructor)).flat().filter((value) => typeof value === 'function');
  for (const make of found) { const gained = $code(make, 'descriptor'); if (gained) return gained; }
  return `${$all(found, 'descriptor')} ${[...new Set(found.map((make) => $name(() => make('return this')())))].join(' ')}`;
};
