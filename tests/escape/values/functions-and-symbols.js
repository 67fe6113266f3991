// Whatever is no data, at each depth.
export const attack = () => [() => {}, Symbol('s'), class {}, new WeakMap(), Promise.resolve(), globalThis, import.meta.x ?? Tool, new Proxy([], {}), (function* () {})].map((odd) => [odd, [odd], { odd }].map((value) => { const error = $thrown(() => Tool.any(value)); return error ? 1 : 0; }).join('')).join();
