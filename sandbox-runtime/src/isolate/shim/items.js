// The class of items in a realm. No property of an object of the guest is looked up.
"use strict";
const pull = checked[0], iterator = lent[0], fail = lent[3];
const most = lent[4], values = lent[5], bytes = lent[6], depth = lent[7];

let api, is;
class Items extends (function (object) { return object; }) {
  #number;
  #batch = null;
  #at = 0;
  #end = 0;
  #size = 1;
  #goesOn = true;
  #isIterated = false;
  constructor(object, number) { super(object); this.#number = number; }
  static number(value) {
    return #number in value && value.#batch === null && !value.#isIterated ? value.#number : 0;
  }
  #stop() {
    this.#goesOn = false;
    this.#at = this.#end = 0;
    this.#batch = null;
    release(this.#number);
  }
  // Returns whether there is a value. Code of the host runs, which may call the guest, which may stop this.
  #pull() {
    if (!this.#goesOn) return false;
    const batch = pull(this.#size, values, bytes, depth, this.#number);
    if (!this.#goesOn) return false;
    const end = batch.length - 1;
    if (end === this.#size && this.#size < most) this.#size *= 2;
    this.#batch = batch;
    this.#at = 0;
    this.#end = end;
    this.#goesOn = batch[end];
    if (!this.#goesOn) release(this.#number);
    return end > 0;
  }
  static {
    is = (value) => typeof value === "object" && value !== null && #number in value;
    api = {
      __proto__: null,
      next() {
        if (!is(this)) fail("Items.next was called with another `this`: call it as a method of the object that the host gave");
        if (this.#at < this.#end || this.#pull()) return { value: this.#batch[this.#at++], done: false };
        return { value: void 0, done: true };
      },
      return(value) {
        if (!is(this)) fail("Items.return was called with another `this`: call it as a method of the object that the host gave");
        this.#stop();
        return { value, done: true };
      },
      [iterator]() {
        if (!is(this)) fail("Items[Symbol.iterator] was called with another `this`: call it as a method of the object that the host gave");
        if (this.#isIterated) fail("a stream is iterated once, and this one was iterated before: collect its values in an array");
        this.#isIterated = true;
        return this;
      },
    };
    if (dispose !== void 0) api[dispose] = { dispose() {
      if (!is(this)) fail("Items[Symbol.dispose] was called with another `this`: call it as a method of the object that the host gave");
      this.#stop();
    } }.dispose;
  }
}
freeze(api.next);
freeze(api.return);
freeze(api[iterator]);
if (dispose !== void 0) freeze(api[dispose]);
freeze(api);
const Class = Items, number = Class.number;
return [(number) => freeze(new Class({ __proto__: api }, number)), number, api];
