// Walks everything that can be reached in a realm. It takes what it uses before a guest runs, and reads no property
// that a guest could have put on a prototype, so that `problems` is right in a realm that was changed.
const { apply, getPrototypeOf, getOwnPropertyDescriptor, ownKeys } = Reflect;
const { isFrozen, setPrototypeOf } = Object;
const { get: mapGet, set: mapSet } = Map.prototype;
const { prototype: rootPrototype } = Object;
const { prototype: functionPrototype } = Function;
const NewMap = Map;
const global = globalThis;
const text = String;
const MOST = 50_000;

const isObject = (value) => (typeof value === 'object' && value !== null) || typeof value === 'function';

const own = (value, key) => {
  const property = getOwnPropertyDescriptor(value, key);
  return property && setPrototypeOf(property, null);
};

const nameOf = (key) => {
  if (typeof key !== 'symbol') return `.${key}`;
  const name = text(key);
  return `[${name}]`;
};

/** Visits each object once, the nearest first. */
const walk = (roots, visit, order) => {
  const seen = new NewMap();
  const queue = { __proto__: null };
  let first = 0;
  let last = 0;
  // Gives the path of what was there before.
  const push = (value, path) => {
    const known = apply(mapGet, seen, [value]);
    if (known !== undefined) return known;
    apply(mapSet, seen, [value, path]);
    queue[last++] = { __proto__: null, value, path };
  };
  const next = () => {
    const { value, path } = queue[first];
    delete queue[first++];
    try {
      visit.object?.(path, value);
      const prototype = getPrototypeOf(value);
      if (prototype !== null) visit.prototype(path, value, prototype, push(prototype, `${path}.__proto__`));
      const keys = order(ownKeys(value));
      for (let i = 0; i < keys.length; i++) {
        const property = own(value, keys[i]);
        const at = path === 'globalThis' ? text(keys[i]) : path + nameOf(keys[i]);
        if (property.get || property.set) {
          if (property.get) visit.property(`${at}.get`, property.get, push(property.get, `${at}.get`));
          if (property.set) visit.property(`${at}.set`, property.set, push(property.set, `${at}.set`));
        } else {
          const known = isObject(property.value) ? push(property.value, at) : undefined;
          visit.property(at, property.value, known, value, keys[i]);
        }
      }
    } catch {
      // A Proxy of the guest's own.
    }
  };
  for (let i = 0; i < roots.length; i++) {
    const path = roots[i][0];
    const value = roots[i][1];
    visit.property(path, value, isObject(value) ? push(value, path) : undefined);
    while (first < last && first < MOST) next();
  }
};

const thrown = (run) => { try { run(); } catch (error) { return error; } };

/** What guests get from the engine and the host beside their globals. */
const values = () => {
  const roots = [];
  const add = (name, make) => { try { roots.push([`(${name})`, make()]); } catch (error) { roots.push([`(${name} throws)`, error]); } };
  add('generator function', () => function* () {});
  add('generator', () => (function* () {})());
  add('async function', () => async () => {});
  add('async generator function', () => async function* () {});
  add('async generator', () => (async function* () {})());
  add('promise', () => (async () => {})());
  add('arguments', () => (function () { return arguments; })());
  add('array iterator', () => [][Symbol.iterator]());
  add('string iterator', () => ''[Symbol.iterator]());
  add('map iterator', () => new Map().entries());
  add('set iterator', () => new Set().entries());
  add('matches', () => 'a'.matchAll(/a/g));
  add('iterator helper', () => [].values().map(() => 1));
  add('wrapped iterator', () => Iterator.from({ next() {} }));
  add('match', () => /(?<a>b)/d.exec('b'));
  add('segments', () => new Intl.Segmenter().segment('a'));
  add('segment iterator', () => new Intl.Segmenter().segment('a')[Symbol.iterator]());
  add('number format', () => new Intl.NumberFormat('en').resolvedOptions());
  add('template', () => ((strings) => strings)`a${1}b`);
  add('revocable', () => Proxy.revocable({}, {}));
  add('resolvers', () => Promise.withResolvers());
  add('class', () => class { static a = 1; #b; });
  add('bound', () => function () {}.bind());
  add('meta', () => import.meta);
  add('import', () => import('x'));
  add('error of the engine', () => thrown(() => null.x));
  add('error of a stack', () => thrown(function again() { again(); }));
  add('error of eval', () => thrown(() => eval('1')));
  add('result of text', () => Tool.make());
  add('result of a struct', () => Tool.order({ id: 1, lines: [{ sku: 'a', amount: 1 }] }));
  add('result of bytes', () => Tool.bytes(new Uint8Array([1])));
  add('result of anything', () => Tool.any({ a: [1, null, { b: 'c' }] }));
  add('handle', () => Vault.open('a'));
  add('items', () => Vault.items(1));
  add('item', () => Vault.items(1).next());
  add('function of the host', () => Vault.bell());
  add('error of a value', () => thrown(() => Tool.echo(5)));
  add('error shown', () => thrown(() => Tool.fail('a')));
  add('error hidden', () => thrown(() => Tool.fail('secret')));
  add('error of the host', () => thrown(() => Tool.refuse()));
  add('error of a panic', () => thrown(() => Tool.explode()));
  add('error of new', () => thrown(() => new Tool.add(1, 2)));
  return roots;
};

const kind = (value) => {
  if (typeof value === 'function') return `function(${value.length})`;
  if (value === null) return 'null';
  return typeof value;
};

export const lines = (order, names, data) => {
  const found = [];
  const visit = {
    property(path, value, known, holder, key) {
      if (typeof holder === 'function' && (key === 'length' || key === 'name') && typeof value !== 'object') return;
      if (typeof key === 'string' && /^\d+$/.test(key) && !isObject(value)) return;
      const frozen = known === undefined && isObject(value) && isFrozen(value) ? ' frozen' : '';
      found.push(known === undefined ? `${path}: ${kind(value)}${frozen}` : `${path} = ${known}`);
    },
    prototype(path, value, prototype, known) {
      if (prototype === (typeof value === 'function' ? functionPrototype : rootPrototype)) return;
      found.push(known === undefined ? `${path}.__proto__: ${kind(prototype)}` : `${path}.__proto__ = ${known}`);
    },
  };
  const sorted = (keys) => keys.sort((a, b) => (String(a) < String(b) ? -1 : 1));
  const given = [['(argument struct)', order], ['(argument list)', names], ['(argument bytes)', data]];
  walk([['globalThis', global], ...values(), ...given], visit, sorted);
  return found.sort().join('\n');
};

/** What a contract was when the realm was new. */
const contracts = ['Tool', 'Vault'].map((name) => {
  const api = global[name];
  return { __proto__: null, name, api, methods: ownKeys(api).map((key) => ({ __proto__: null, key, method: api[key] })) };
});

const contractProblems = (say) => {
  for (let i = 0; i < contracts.length; i++) {
    const { name, api, methods } = contracts[i];
    const property = own(global, name);
    if (!property || property.value !== api) say(`${name} was replaced`);
    if (!property || property.writable !== false || property.configurable) say(`${name} can be replaced`);
    if (!isFrozen(api) || getPrototypeOf(api) !== null) say(`${name} can be changed`);
    if (ownKeys(api).length !== methods.length) say(`${name} has other methods`);
    for (let j = 0; j < methods.length; j++) {
      const { key, method } = methods[j];
      const now = own(api, key);
      if (!now || now.value !== method) say(`${name}.${key} was replaced`);
      if (!isFrozen(method) || ownKeys(method).length !== 2) say(`${name}.${key} can be changed`);
    }
  }
};

/** Whether it is the `Object.prototype` of a realm; a guest's own objects without a prototype are not. */
const isForeignRoot = (root) =>
  root !== rootPrototype && own(root, 'constructor') !== undefined && own(root, '__defineGetter__') !== undefined;

// What the host gives is made while the realm is new, and looked at in the realm as it is.
const given = values();

export const problems = () => {
  let found = '';
  const say = (problem) => { found += `${problem}\n`; };
  contractProblems(say);
  const visit = {
    __proto__: null,
    property() {},
    prototype() {},
    object(path, value) {
      let root = value;
      for (let next, n = 0; n < 100 && (next = getPrototypeOf(root)) !== null; n++) root = next;
      if (isForeignRoot(root)) say(`${path} is of another realm`);
    },
  };
  const roots = [['globalThis', global]];
  for (let i = 0; i < given.length; i++) roots[i + 1] = given[i];
  walk(roots, visit, (keys) => keys);
  return found;
};
