// `__proto__` as an own key of data must neither set a prototype here nor there.
export const attack = () => {
  const back = Tool.any(JSON.parse('{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 2}}, "a": 1}'));
  return {}.polluted || Object.getPrototypeOf(back) !== Object.prototype || back.polluted ? 'ESCAPED: a prototype was set' : 'held';
};
