// The same, and every level catches and goes down again.
// expect: wall, ok
export const again = (depth) => { try { return Tool.again(depth + 1); } catch { return depth < 40 ? Tool.again(depth + 1) : 'bottom'; } };
export const attack = () => Tool.again(0);
