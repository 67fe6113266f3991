"use strict";
// Another clock for `Date`, and for `Intl.DateTimeFormat` where it is asked for no date. All that is used here is taken
// before a guest can change it.
const { apply, construct, defineProperty, getOwnPropertyDescriptor, ownKeys } = Reflect;
const Real = Date;
const toText = Real.prototype.toString;

const { Date: Other } = {
  Date: function (...values) {
    if (new.target === undefined) return apply(toText, construct(Real, [now()]), []);
    return construct(Real, values.length === 0 ? [now()] : values, new.target);
  },
};
for (const key of ownKeys(Real)) defineProperty(Other, key, getOwnPropertyDescriptor(Real, key));
const hidden = (object, key, value) =>
  defineProperty(object, key, { __proto__: null, value, writable: true, enumerable: false, configurable: true });
hidden(Other, "now", now);
hidden(Real.prototype, "constructor", Other);
hidden(globalThis, "Date", Other);

if (typeof Intl === "object") {
  const prototype = Intl.DateTimeFormat.prototype;
  const { get, set } = WeakMap.prototype;
  const made = new WeakMap();
  const format = getOwnPropertyDescriptor(prototype, "format");
  const parts = prototype.formatToParts;
  const other = {
    get format() {
      const real = apply(format.get, this, []);
      let bound = apply(get, made, [real]);
      if (bound === undefined) {
        bound = { "": (date) => real(date === undefined ? now() : date) }[""];
        apply(set, made, [real, bound]);
      }
      return bound;
    },
    formatToParts(date) {
      return apply(parts, this, [date === undefined ? now() : date]);
    },
  };
  defineProperty(prototype, "format", { __proto__: null, ...format, get: getOwnPropertyDescriptor(other, "format").get });
  hidden(prototype, "formatToParts", other.formatToParts);
}
