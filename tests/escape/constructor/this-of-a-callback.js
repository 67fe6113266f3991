// What `this` is when the host calls a sloppy function: it must not be a global object of anyone.
const sloppy = { receive() { return this; } };
let seen = 'never called';
export function receive() { seen = this === undefined ? 'undefined' : $use(this, 'this') || 'ESCAPED: some this'; return seen; }
export const attack = () => [Tool.deliver(), typeof sloppy.receive.call(undefined)].join(' ');
