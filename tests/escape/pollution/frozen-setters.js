// Calls the setters and getters of frozen intrinsics with receivers that they are not made for, and looks for a changed value.
// intrinsics: frozen
const before = new Map();
for (const object of [Object.prototype, Function.prototype, Error, Error.prototype, Map.prototype, Symbol.prototype, Array.prototype, Promise]) {
  for (const key of Reflect.ownKeys(object)) {
    const { value } = Reflect.getOwnPropertyDescriptor(object, key);
    before.set([object, key], value);
  }
}
export const attack = () => {
  const receivers = [1, 'text', null, undefined, Symbol(), new Proxy({}, {}), new Proxy(Array.prototype, {}), globalThis, Tool, Tool.echo, [], new Uint8Array(1)];
  for (const [object, key] of before.keys()) {
    for (const receiver of receivers) {
      try { Reflect.set(object, key, $root, receiver); } catch {}
      try { Reflect.get(object, key, receiver); } catch {}
      try { Object.create(object)[key] = $root; } catch {}
      try { ({ __proto__: object, m() { super[key] = $root; } }).m.call(receiver); } catch {}
    }
    for (const proxy of [new Proxy(object, {}), Object.setPrototypeOf([], object), Object.setPrototypeOf(() => {}, object)]) {
      try { proxy[key] = $root; } catch {}
    }
  }
  try { Array.prototype.length = 7; } catch {}
  try { Array.prototype.push.call(Array.prototype, 1); } catch {}
  try { Error.stackTraceLimit = 1e9; } catch {}
  for (const [[object, key], value] of before) {
    const now = Reflect.getOwnPropertyDescriptor(object, key)?.value;
    if (!Object.is(now, value)) return `ESCAPED: ${String(key)} changed`;
  }
  for (const name of Reflect.ownKeys(globalThis)) if (globalThis[name] === $root) delete globalThis[name];
  return `${Tool.make().length} held`;
};
