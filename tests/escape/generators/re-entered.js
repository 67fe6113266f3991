// A generator that runs itself through a host method that calls the guest.
let it;
export const again = () => $thrown(() => it.next())?.name;
export const attack = () => { it = (function* () { yield Tool.again(1); })(); return it.next().value; };
