// The class of streams in a realm. No property of an object of the guest is looked up.
"use strict";
const pull = checked[0], iterator = lent[1], Promise = lent[2], fail = lent[3];
const most = lent[4], values = lent[5], bytes = lent[6], depth = lent[7];

// A result without a prototype that a guest can reach: a promise that is resolved with it looks for `then` in vain.
function Result(value, done) {
  this.value = value;
  this.done = done;
}
Result.prototype = freeze({ __proto__: null });

// A promise with a `constructor` of its own, which `await` reads.
class Awaited extends (function (object) { return object; }) {
  ["constructor"] = Promise;
  constructor(promise) { super(promise); }
}

let api, is;
class Stream extends (function (object) { return object; }) {
  #number;
  #batch = null;
  #at = 0;
  #end = 0;
  #size = 1;
  #goesOn = true;
  #asked = null;
  #isIterated = false;
  constructor(object, number) { super(object); this.#number = number; }
  static number(value) {
    return #number in value && value.#batch === null && value.#asked === null && !value.#isIterated ? value.#number : 0;
  }
  #stop() {
    this.#goesOn = false;
    this.#at = this.#end = 0;
    this.#batch = this.#asked = null;
    release(this.#number);
  }
  #take(batch) {
    const end = batch.length - 1;
    if (end === this.#size && this.#size < most) this.#size *= 2;
    this.#batch = batch;
    this.#at = 0;
    this.#end = end;
    this.#goesOn = batch[end];
    if (!this.#goesOn) release(this.#number);
  }
  static {
    is = (value) => typeof value === "object" && value !== null && #number in value;
    api = {
      __proto__: null,
      async next() {
        if (!is(this)) fail("Stream.next was called with another `this`: call it as a method of the object that the host gave");
        for (;;) {
          if (this.#at < this.#end) return new Result(this.#batch[this.#at++], false);
          if (!this.#goesOn) return new Result(void 0, true);
          // Requests that come meanwhile wait for the same batch.
          const asked = this.#asked ??= new Awaited(pull(this.#size, values, bytes, depth, this.#number));
          let batch;
          try {
            batch = await asked;
          } catch (error) {
            if (this.#asked !== asked) continue;
            this.#asked = null;
            throw error;
          }
          if (this.#asked === asked) {
            this.#asked = null;
            this.#take(batch);
          }
        }
      },
      async return(value) {
        if (!is(this)) fail("Stream.return was called with another `this`: call it as a method of the object that the host gave");
        this.#stop();
        return new Result(value, true);
      },
      [iterator]() {
        if (!is(this)) fail("Stream[Symbol.asyncIterator] was called with another `this`: call it as a method of the object that the host gave");
        if (this.#isIterated) fail("a stream is iterated once, and this one was iterated before: collect its values in an array");
        this.#isIterated = true;
        return this;
      },
    };
    if (dispose !== void 0) api[dispose] = { dispose() {
      if (!is(this)) fail("Stream[Symbol.dispose] was called with another `this`: call it as a method of the object that the host gave");
      this.#stop();
    } }.dispose;
  }
}
freeze(api.next);
freeze(api.return);
freeze(api[iterator]);
if (dispose !== void 0) freeze(api[dispose]);
freeze(api);
const Class = Stream, number = Class.number;
return [(number) => freeze(new Class({ __proto__: api }, number)), number, api];
