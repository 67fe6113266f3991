// An error with a class and a property, which the host declares to be shown.
export const attack = () => {
  const error = $thrown(() => Tool.fail('a'));
  return $all([error, Object.getPrototypeOf(error), error.toString, ...Reflect.ownKeys(error).map((key) => error[key])], 'error');
};
