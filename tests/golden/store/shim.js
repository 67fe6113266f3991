"use strict";
const checked0 = checked[0];
const checked1 = checked[1];
const checked2 = checked[2];
const checked3 = checked[3];
const api = {
  __proto__: null,
  /**
   * Reads a user.
   */
  getUser(a0) { return checked0(a0); },
  /**
   * Writes a user, and says whether there was one.
   */
  putUser(a0, a1) { return checked1(a0, a1); },
  blob(a0, a1, a2) { return checked2(a0, a1, a2); },
  /**
   * A method with a default that hosts may keep.
   */
  count() { return checked3(); },
};
freeze(api.getUser);
freeze(api.putUser);
freeze(api.blob);
freeze(api.count);
return freeze(api);
