// A hook that never returns, called when a termination is made into an error, would hold the host.
// expect: wall
export const attack = () => { Error.prepareStackTrace = () => { for (;;); }; for (;;); };
