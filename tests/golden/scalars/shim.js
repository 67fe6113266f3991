"use strict";
const results = returned, refuse = refused;
const fast0 = fast[0];
const checked0 = checked[0];
const fast1 = fast[1];
const checked1 = checked[1];
const fast2 = fast[2];
const checked2 = checked[2];
const api = {
  __proto__: null,
  /**
   * The sum.
   */
  add(a0, a1) {
    if (!(typeof a0 === "number" && typeof a1 === "number")) return checked0(a0, a1);
    const slow = fast0(a0, a1);
    if (slow !== void 0) return slow;
    const result = results[0];
    if (result !== result) refuse();
    return result;
  },
  isEven(a0) {
    if (!(typeof a0 === "number" && (a0 | 0) === a0)) return checked1(a0);
    const slow = fast1(a0);
    if (slow !== void 0) return slow;
    const result = results[0];
    if (result !== result) refuse();
    return result === 1;
  },
  reset() {
    const slow = fast2();
    if (slow !== void 0) return slow;
    const result = results[0];
    if (result !== result) refuse();
  },
};
freeze(api.add);
freeze(api.isEven);
freeze(api.reset);
return freeze(api);
