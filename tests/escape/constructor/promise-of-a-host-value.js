// Promise machinery around a host value: resolve, all, race, try and withResolvers.
let gained = 'nothing ran';
const look = (value) => { gained = gained.startsWith('ESCAPED') ? gained : $use(value, 'settled') || 'held'; };
export const attack = () => {
  Promise.resolve(Tool.make()).then(look);
  Promise.all([Tool.make(), Tool.order({})]).then(look);
  Promise.try(() => Tool.refuse()).catch(look);
  Promise.any([Promise.try(() => Tool.refuse())]).catch((error) => look(error.errors[0]));
  return 'started';
};
export const later = () => gained;
