// The contract itself may have a prototype with a constructor, or get one by `__proto__`.
export const attack = () => {
  if (Object.getPrototypeOf(Tool) !== null) return `ESCAPED: a prototype, ${$use(Object.getPrototypeOf(Tool), 'prototype')}`;
  return $use(Tool.constructor, 'constructor') || $use(Tool.__proto__, '__proto__') || 'held';
};
