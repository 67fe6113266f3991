// Each cause is made when it is asked for.
// expect: guest
export const attack = () => { const make = () => Object.defineProperty(new Error('e'.repeat(5000)), 'cause', { get: make }); throw make(); };
