// A property is named by an object that is one text when the name is checked and another when it is used.
// says: held echo constructor EvalError
const key = (...texts) => ({ toString: () => (texts.length > 1 ? texts.shift() : texts[0]) });
export const attack = () => {
  const gained = [Tool[key('echo', 'constructor')], Tool.echo[key('name', 'constructor')], Tool.order({})[key('id', 'constructor')], Tool[key('constructor')]];
  const name = $name(() => Tool.echo[key('constructor', 'name')]('return this')());
  return `${$all(gained, 'property')} ${String(key('echo'))} ${String(key('constructor'))} ${name}`;
};
