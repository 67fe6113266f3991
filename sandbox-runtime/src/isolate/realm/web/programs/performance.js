"use strict";
// `performance`: the clock of the sandbox, from the first use on. Nothing is looked up on an intrinsic.
const own = { __proto__: null };
const origin = now();
let last = 0;
// A clock that is set back stands still.
const passed = () => {
  const span = now() - origin;
  if (span > last) last = span;
  return last;
};

class Performance {
  constructor(key = undefined) {
    if (key !== own) fail("Illegal constructor");
  }

  get timeOrigin() {
    return origin;
  }

  now() {
    return passed();
  }

  toJSON() {
    return { timeOrigin: origin };
  }
}
tag(Performance.prototype, "Performance");
return { __proto__: null, performance: new Performance(own), Performance, passed };
