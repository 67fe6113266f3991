// A getter that never returns, while a host method reads it.
// expect: wall
export const attack = () => Tool.order({ get id() { for (;;); } });
