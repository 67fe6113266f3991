// Calls that are never answered, and not awaited, without end.
// expect: pending
export const attack = async () => { for (;;) Slow.never(); };
