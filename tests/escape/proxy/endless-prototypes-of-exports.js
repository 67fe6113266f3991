// Prototypes that never end, and no method anywhere: the search itself must end.
// expect: mismatch
const next = () => new Proxy({}, { getPrototypeOf: next, getOwnPropertyDescriptor: () => undefined });
export default next();
