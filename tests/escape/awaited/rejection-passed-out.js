// The host's own error is the outcome of the call.
// expect: guest
export const attack = async () => { await Slow.refuse(); };
