// The stack ends inside of `finally`, over and over, with the host called in each.
// expect: wall, stack, ok
export const attack = () => { const f = () => { try { f(); } finally { Tool.add(1, 2); try { f(); } catch {} } }; f(); };
