// The time is up inside of a host method that called the guest; the outer guest catches what the host gives it.
// expect: wall
export const again = () => { for (;;); };
export const attack = () => { for (;;) { try { Tool.again(1); } catch { } finally { try { Tool.again(2); } catch {} } } };
