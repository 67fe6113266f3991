// Makes the classes of errors, and returns their prototypes. The name is an own property of each error, so a subclass can assign
// another one, although the prototype is frozen.
const { defineProperty, freeze } = Object;
const prototypes = [];
for (let at = 0; at < names.length; at++) {
  const name = names[at];
  const made = {
    [name]: class extends Error {
      constructor(message, options) {
        super(message, options);
        defineProperty(this, "name", { __proto__: null, value: name, writable: true, enumerable: false, configurable: true });
      }
    },
  }[name];
  freeze(made.prototype);
  defineProperty(globalThis, name, { __proto__: null, value: freeze(made) });
  prototypes[at] = made.prototype;
}
return prototypes;
