// A Proxy as a result, which answers every question with another Proxy.
// expect: value
const endless = new Proxy(function () {}, { get: () => endless, apply: () => endless, getPrototypeOf: () => endless, ownKeys: () => ['a'] });
export const attack = () => endless;
