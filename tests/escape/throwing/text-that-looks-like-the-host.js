// A message that imitates a limit of the host: only the host may say so.
// expect: guest
export const attack = () => { throw new Error('the call took longer than 200ms'); };
