// Wraps the host's error into a Proxy that answers every question with a call of the host.
// expect: guest
export const attack = () => { throw new Proxy($thrown(() => Tool.refuse()), { get: () => Tool.make(), getPrototypeOf: () => Tool.make(), has: () => true }); };
