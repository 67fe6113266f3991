"use strict";
const checked0 = checked[0];
const checked1 = checked[1];
const checked2 = checked[2];
const checked3 = checked[3];
const checked4 = checked[4];
const checked5 = checked[5];
const api = {
  __proto__: null,
  /**
   * Looks one up.
   */
  find(a0, a1) { return checked0(a0, a1); },
  /**
   * At once.
   */
  count(a0) { return checked1(a0); },
  /**
   * A guest that says nothing of taxes has this one.
   */
  tax(a0) { return checked2(a0); },
  discount(a0) { return checked3(a0); },
  flush() { return checked4(); },
  /**
   * Until its caller ends it.
   */
  watch(a0, a1) { return checked5(a0, a1); },
};
freeze(api.find);
freeze(api.count);
freeze(api.tax);
freeze(api.discount);
freeze(api.flush);
freeze(api.watch);
return freeze(api);
