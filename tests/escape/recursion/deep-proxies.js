// Proxies of Proxies, thousands deep, as an argument and as the prototype of one.
export const attack = () => { let proxy = {}; for (let i = 0; i < 5000; i++) proxy = new Proxy(proxy, {}); return [() => Tool.order(proxy), () => Tool.any(Object.create(proxy)), () => proxy.x].map((run) => $thrown(run)?.name ?? 'done').join(); };
