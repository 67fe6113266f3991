// The export is a getter that never returns.
// expect: wall
export default { get attack() { for (;;); } };
