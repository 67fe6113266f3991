"use strict";
// Lists of names and values in turn, and iterators over them. A program that runs after code of the guest: nothing is looked up on an intrinsic.
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

const put = (list, name, value) => {
  list[list.length] = name;
  list[list.length] = value;
};
const find = (list, name) => {
  for (let at = 0; at < list.length; at += 2) if (list[at] === name) return list[at + 1];
  return null;
};
const findAll = (list, name) => {
  const found = bare();
  for (let at = 0; at < list.length; at += 2) if (list[at] === name) found[found.length] = list[at + 1];
  return array(found);
};
// Removes pairs from an index on.
const remove = (list, from, isGone) => {
  const count = list.length;
  let kept = from;
  for (let at = from; at < count; at += 2) {
    if (isGone(list[at], list[at + 1])) continue;
    list[kept] = list[at];
    list[kept + 1] = list[at + 1];
    kept += 2;
  }
  list.length = kept;
};
// Gives a name one value, in the place of its first.
const replace = (list, name, value) => {
  for (let at = 0; at < list.length; at += 2) {
    if (list[at] !== name) continue;
    list[at + 1] = value;
    return remove(list, at + 2, (key) => key === name);
  }
  put(list, name, value);
};
// Calls a function of the guest for each pair. The function may change the list, or have it replaced.
const each = (of, list, callback, self) => {
  list(of);
  if (typeof callback !== "function") fail("forEach takes a function");
  for (let at = 0; at < list(of).length; at += 2) call(callback, self, list(of)[at + 1], list(of)[at], of);
};
const both = (name, value) => [name, value];
const first = (name) => name;
const second = (name, value) => value;
return { __proto__: null, pairs, put, find, findAll, remove, replace, each, both, first, second };
