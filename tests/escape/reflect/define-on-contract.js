// Reflect reports failure instead of throwing; every way to change a frozen object is tried.
export const attack = () => {
  const changed = [Reflect.set(Tool, 'add', 1), Reflect.deleteProperty(Tool, 'add'), Reflect.defineProperty(Tool, 'more', { value: 1 }), Reflect.setPrototypeOf(Tool, {}), Reflect.set(Tool.add, 'x', 1), Reflect.setPrototypeOf(Tool.add, null), Reflect.defineProperty(globalThis, 'Tool', { value: 1 }), Reflect.deleteProperty(globalThis, 'Tool')];
  return changed.includes(true) ? `ESCAPED: ${changed}` : 'held';
};
