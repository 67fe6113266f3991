"use strict";
// Iterators over pairs. A program that runs after code of the guest: nothing is looked up on an intrinsic.
// Makes the class of the iterators of a class: its name, and its list of names and values in turn.
const pairs = (name, list) => {
  class Pairs {
    #of;
    #at = 0;
    #give;

    constructor(of, give) {
      list(of);
      this.#of = of;
      this.#give = give;
    }

    next() {
      const all = list(this.#of);
      if (this.#at >= all.length) return { value: undefined, done: true };
      const at = this.#at;
      this.#at += 2;
      return { value: this.#give(all[at], all[at + 1]), done: false };
    }
  }
  inherit(Pairs.prototype, (function* () {}).prototype);
  tag(Pairs.prototype, `${name} Iterator`);
  delete Pairs.prototype.constructor;
  return Pairs;
};
const both = (name, value) => [name, value];
const first = (name) => name;
const second = (name, value) => value;
return { __proto__: null, pairs, both, first, second };
