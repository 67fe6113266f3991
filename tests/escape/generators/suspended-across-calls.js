// A generator is stopped inside of one call of the host, and goes on inside of another.
let it;
export const receive = (order, names, data) => { it = (function* () { yield order; yield data; return names; })(); it.next(); return 'kept'; };
export const attack = () => Tool.deliver();
export const later = () => $all([it.next().value, it.next().value], 'kept argument');
