// The chain of causes of a host's error might lead to what the host had.
export const attack = () => {
  const seen = [];
  for (let error = $thrown(() => Tool.refuse()), n = 0; error && n < 9; error = error.cause, n++) seen.push(error, ...Reflect.ownKeys(error).map((key) => error[key]));
  return $all(seen, 'cause');
};
