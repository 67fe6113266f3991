// Functions bound a thousand times, as exports and as callbacks.
// quickjs: expect: ok, heap, stack
export const attack = () => { let bound = Tool.add; for (let i = 0; i < 5000; i++) bound = bound.bind(null); let value; try { value = bound(1, 2); } catch (error) { value = error.name; } return String(value); };
