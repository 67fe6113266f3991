// A revoked Proxy is thrown: its report must not ask it anything.
// expect: guest
export const attack = () => { const { proxy, revoke } = Proxy.revocable(new Error('e'), {}); revoke(); throw proxy; };
