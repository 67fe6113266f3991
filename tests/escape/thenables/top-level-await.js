// The module waits for a thenable that never settles: the host must not wait with it.
// expect: guest
await { then() {} };
export const attack = () => 'never';
