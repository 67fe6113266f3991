// Climbs from a host method over its prototypes to whatever Function and Object are at the top.
export const attack = () => {
  for (let link = Tool.add; link !== null; link = Object.getPrototypeOf(link)) {
    const gained = $use(link, 'link') || $use(Object.getOwnPropertyDescriptor(link, 'constructor')?.value, 'own constructor');
    if (gained) return gained;
  }
  return 'held';
};
