// The export is a callable Proxy whose apply trap sees what the host calls it with.
const seen = [];
export const receive = new Proxy(() => 'x', { apply(target, self, list) { seen.push(list, self, ...list); return 'x'; } });
export const attack = () => { Tool.deliver(); return $all(seen, 'apply'); };
