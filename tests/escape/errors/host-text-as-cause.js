// Hides the host's error as the cause of its own, which a report may print in full.
// expect: guest
export const attack = () => { throw new Error('mine', { cause: $thrown(() => Tool.fail('secret')) }); };
