// What is thrown has no prototype, so a bridge takes it for an object of the other side.
// says: held Error another object
const mine = { __proto__: null, message: 'mine' };
export const again = () => { throw mine; };
export const attack = () => {
  const caught = $thrown(() => Tool.again(1));
  mine.f = Tool.echo;
  const wrote = $thrown(() => { caught.f = Tool.echo; });
  return `${$all([caught, caught.f, wrote, mine.f], 'thrown')} ${caught.name} ${caught === mine ? 'my object' : 'another object'}`;
};
