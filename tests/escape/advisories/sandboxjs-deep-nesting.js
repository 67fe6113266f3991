// Text that nests deep overflows the stack of whoever parses it.
// says: held SyntaxError a deep value is refused
export const attack = () => {
  const nested = (open, close, times) => open.repeat(times) + close.repeat(times);
  const name = $name(() => new RegExp(nested('(', '', 20000)));
  let deep = 1;
  for (let i = 0; i < 20000; i++) deep = [deep];
  const names = [() => Tool.any(deep), () => Tool.order({ lines: deep })].map($name);
  return `held ${name} ${names.every((each) => each !== 'ran') ? 'a deep value is refused' : 'ESCAPED: it crossed'}`;
};
