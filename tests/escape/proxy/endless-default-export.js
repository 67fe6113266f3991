// The host looks for a method along prototypes that never end, and finds a getter that does not either.
// expect: wall
const endless = new Proxy({}, { getPrototypeOf: () => new Proxy({}, { getPrototypeOf: () => endless, getOwnPropertyDescriptor: () => undefined }), getOwnPropertyDescriptor: () => undefined });
export default Object.setPrototypeOf({ get attack() { for (;;); } }, endless);
