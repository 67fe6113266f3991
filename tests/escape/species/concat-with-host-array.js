// A host array whose constructor is a function that gives out a host object as the target of `concat`.
export const attack = () => {
  const array = Tool.make();
  array.constructor = { [Symbol.species]: function () { return Tool; } };
  return String($thrown(() => array.concat([1]))?.name) + String($thrown(() => array.map((x) => x))?.name) + (Object.isFrozen(Tool) ? '' : 'ESCAPED: the contract took an element');
};
