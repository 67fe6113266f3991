// The classes `AbortController` and `AbortSignal`, and the functions by which the host uses them.
//
// A realm may get them after code of its guest has run. So nothing is looked up on an intrinsic: what the classes need beside
// syntax are the functions that this program is given.
"use strict";
const own = { __proto__: null };
let make, abort, identify, reason;

class AbortSignal {
  #aborted = false;
  #reason;
  // By which the host knows the calls that the signal ends; 0 until it is given to one.
  #number = 0;
  // The listeners, as a list from first to last.
  #first = null;
  #last = null;
  #handler = null;
  // The signals that follow this one, and those that this one follows, as lists.
  #followers = null;
  #sources = null;

  constructor(key = undefined) {
    if (key !== own) fail("an AbortSignal is made by an AbortController: write new AbortController().signal");
  }

  static abort(reason = undefined) {
    const signal = new AbortSignal(own);
    signal.#set(reason === undefined ? error() : reason);
    return signal;
  }

  static any(signals) {
    const signal = new AbortSignal(own);
    let all = null;
    for (const source of signals) {
      if (identify(source, 0) === -1) fail("AbortSignal.any takes AbortSignals");
      all = { __proto__: null, source, next: all };
    }
    for (let at = all; at !== null; at = at.next) {
      if (at.source.#aborted) signal.#set(at.source.#reason);
    }
    for (let at = all; at !== null && !signal.#aborted; at = at.next) {
      if (at.source.#sources === null) signal.#follow(at.source);
      for (let of = at.source.#sources; of !== null; of = of.next) signal.#follow(of.source);
    }
    return signal;
  }

  get aborted() {
    return this.#aborted;
  }

  get reason() {
    return this.#reason;
  }

  throwIfAborted() {
    if (this.#aborted) throw this.#reason;
  }

  get onabort() {
    return this.#handler === null ? null : this.#handler.listener;
  }

  set onabort(value) {
    const listener = typeof value === "function" ? value : null;
    if (this.#handler !== null) this.#handler.listener = listener;
    else if (listener !== null) this.#handler = this.#add(listener);
  }

  addEventListener(type, listener) {
    const isFunction = typeof listener === "function";
    if (!isFunction && typeof listener !== "object" && listener !== undefined) {
      fail("the listener is a function, or an object with a function `handleEvent`");
    }
    if (this.#aborted || type !== "abort" || listener === null || listener === undefined) return;
    for (let at = this.#first; at !== null; at = at.next) {
      if (at.listener === listener && at !== this.#handler) return;
    }
    this.#add(listener);
  }

  removeEventListener(type, listener) {
    if (type !== "abort") return;
    let before = null;
    for (let at = this.#first; at !== null; before = at, at = at.next) {
      if (at.listener !== listener || at === this.#handler) continue;
      at.listener = null;
      if (before === null) this.#first = at.next;
      else before.next = at.next;
      if (at.next === null) this.#last = before;
      return;
    }
  }

  #add(listener) {
    const entry = { __proto__: null, listener, next: null };
    if (this.#last === null) this.#first = entry;
    else this.#last.next = entry;
    this.#last = entry;
    return entry;
  }

  #follow(source) {
    this.#sources = { __proto__: null, source, next: this.#sources };
    source.#followers = { __proto__: null, follower: this, next: source.#followers };
  }

  #set(reason) {
    this.#aborted = true;
    this.#reason = reason;
  }

  // All signals are aborted before code of the guest runs.
  #abort(reason) {
    if (this.#aborted) return;
    this.#set(reason === undefined ? error() : reason);
    let all = null;
    for (let at = this.#followers; at !== null; at = at.next) {
      if (at.follower.#aborted) continue;
      at.follower.#set(this.#reason);
      all = { __proto__: null, follower: at.follower, next: all };
    }
    this.#followers = null;
    this.#tell();
    for (let at = all; at !== null; at = at.next) at.follower.#tell();
  }

  // Ends the calls of the host, and runs the listeners, each of them once.
  #tell() {
    if (this.#number !== 0) end(this.#number, this.#reason);
    const event = { type: "abort", target: this, currentTarget: this };
    for (let at = this.#first; at !== null; at = at.next) {
      const listener = at.listener;
      if (listener === null) continue;
      try {
        if (typeof listener === "function") call(listener, this, event);
        else call(listener.handleEvent, listener, event);
      } catch (thrown) {
        report(thrown);
      }
    }
  }

  static {
    make = () => new AbortSignal(own);
    abort = (signal, reason) => signal.#abort(reason);
    identify = (value, fresh) => {
      if (typeof value !== "object" || value === null || !(#aborted in value)) return -1;
      if (value.#aborted) return 0;
      if (value.#number === 0) value.#number = fresh;
      return value.#number;
    };
    reason = (signal) => signal.#reason;
  }
}

class AbortController {
  #signal = make();

  get signal() {
    return this.#signal;
  }

  abort(reason = undefined) {
    abort(this.#signal, reason);
  }
}

// In a frozen realm the intrinsics are those of before the guest's code.
if (frozen) {
  const all = [AbortController, AbortController.prototype, AbortSignal, AbortSignal.prototype];
  for (const object of all) {
    for (const key of Reflect.ownKeys(object)) {
      const { value, get, set } = Object.getOwnPropertyDescriptor(object, key);
      Object.freeze(value);
      Object.freeze(get);
      Object.freeze(set);
    }
    Object.freeze(object);
  }
}
return { __proto__: null, AbortController, AbortSignal, make, abort, identify, reason };
