// Setters on all prototypes get whatever the host puts into lists, objects, Maps, errors, handles and streams by assignment.
let seen = '';
export const receive = (order, names, data) => `${order.lines.length} ${order.lines[1]?.sku} ${names.length} ${names[1]} ${data.length}`;
export const attack = () => {
  const { defineProperty, deleteProperty } = Reflect;
  const keys = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'id', 'note', 'lines', 'total', 'sku', 'amount', 'a', 'b', 'value', 'done', 'api', 'checked', 'fast', 'refused'];
  const protos = [Object.prototype, Array.prototype, Map.prototype, Set.prototype, Uint8Array.prototype, Error.prototype, RangeError.prototype, Promise.prototype, Function.prototype];
  const planted = [];
  let count = 0;
  for (const proto of protos) for (const key of keys) {
    if ($own(proto, key) || proto === Uint8Array.prototype && /\d/.test(key)) continue;
    const spy = { __proto__: null, configurable: true, get() { return undefined; }, set() { seen = seen || key; } };
    defineProperty(planted, count++, { __proto__: null, value: [proto, key, spy], writable: true, configurable: true });
  }
  const plant = () => { for (let at = 0; at < count; at++) defineProperty(planted[at][0], planted[at][1], planted[at][2]); };
  const clear = () => { for (let at = 0; at < count; at++) deleteProperty(planted[at][0], planted[at][1]); };
  const told = { __proto__: null };
  plant();
  try {
    told.make = Tool.make();
    told.order = Tool.order({ __proto__: null, id: 1, lines: [{ __proto__: null, sku: 'x', amount: 2 }, { __proto__: null, sku: 'y', amount: 3 }] });
    told.any = Tool.any({ __proto__: null, a: [1, [2, 3]], b: { __proto__: null, a: null } });
    told.deliver = Tool.deliver();
    told.bytes = Tool.bytes(new Uint8Array([1, 2]));
    told.fails = $name(() => Tool.fail('a'));
    told.refuses = $name(() => Tool.refuse());
    told.wrong = $name(() => Tool.echo(5));
    const items = Vault.items(5), drawer = Vault.open('a'), bell = Vault.bell();
    told.items = items.next().value + items.next().value + items.next().value;
    told.drawer = drawer.read(2) + drawer.take([1, 2])[1] + drawer.open().read(1);
    told.bell = bell(1);
    told.sum = Vault.sum([1, 2]);
  } finally { clear(); }
  if (seen) return `ESCAPED: a setter of ${seen} was called`;
  const text = JSON.stringify([told.make, told.order, told.any, told.deliver, told.bytes.length, told.fails, told.refuses, told.wrong, told.items, told.drawer, told.bell, told.sum]);
  const right = '[["a",null,"b"],{"id":1,"note":null,"lines":[{"sku":"x","amount":2},{"sku":"y","amount":3}],"total":0},{"a":[1,[2,3]],"b":{"a":null}},"2 a 2 y 3",2,"RangeError","Error","TypeError","012","aa2a","rung 1",3]';
  return text === right ? 'held' : `ESCAPED: the values are others: ${text}`;
};
