// __lookupGetter__ finds accessors that a copy must not have.
export const attack = () => $all([Tool, Tool.echo, Tool.order({}), Tool.make(), Tool.bytes(new Uint8Array(1))].flatMap((value) => ['id', 'length', 'lines', 'add', 'constructor', '__proto__'].map((key) => Object.prototype.__lookupGetter__.call(value, key))), 'getter');
