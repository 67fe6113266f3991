"use strict";
// The classes `AbortController` and `AbortSignal`, and the functions by which the host uses them. A program that may run after
// code of the guest: nothing is looked up on an intrinsic.
const { EventTarget, listen, unlisten, fire } = use("events");
const { DOMException } = use("dom");
const own = { __proto__: null };
let make, abort, identify, reason, state, follow, depend;
const aborted = () => new DOMException("This operation was aborted", "AbortError");

class AbortSignal extends EventTarget {
  #aborted = false;
  #reason;
  // By which the host knows the calls that the signal ends; 0 until it is given to one.
  #number = 0;
  #handler = null;
  // The signals that follow this one, and those that this one follows, as lists.
  #followers = null;
  #sources = null;
  // The listeners that the signal removes, as a list.
  #removes = null;

  constructor(key = undefined) {
    if (key !== own) fail("an AbortSignal is made by an AbortController: write new AbortController().signal");
    super();
  }

  static abort(reason = undefined) {
    const signal = new AbortSignal(own);
    signal.#set(reason === undefined ? aborted() : reason);
    return signal;
  }

  static timeout(milliseconds) {
    const span = +milliseconds;
    if (!(span >= 0 && span <= 9007199254740991)) range("AbortSignal.timeout takes a number of milliseconds");
    const signal = new AbortSignal(own);
    const end = () => signal.#abort(new DOMException("The operation was aborted due to timeout", "TimeoutError"));
    use("timers").after(span - (span % 1), end);
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
    for (let at = all; at !== null && !signal.#aborted; at = at.next) signal.#depend(at.source);
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
    else if (listener !== null) this.#handler = listen(this, "abort", listener);
  }

  // Follows a signal, or those that the signal follows.
  #depend(source) {
    if (source.#sources === null) this.#follow(source);
    for (let of = source.#sources; of !== null; of = of.next) this.#follow(of.source);
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
    this.#set(reason === undefined ? aborted() : reason);
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
    if (this.#number !== 0) stop(this.#number, this.#reason);
    for (let at = this.#removes; at !== null; at = at.next) unlisten(at.target, at.entry);
    this.#removes = null;
    fire(this, "abort");
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
    // Whether a signal is aborted.
    state = (value) => {
      const is = typeof value === "object" && value !== null && #aborted in value;
      return is ? value.#aborted : fail("the signal is an AbortSignal");
    };
    // A signal that is aborted with another.
    depend = (source) => {
      const signal = make();
      if (source.#aborted) signal.#set(source.#reason);
      else signal.#depend(source);
      return signal;
    };
    // Removes a listener when the signal is aborted.
    follow = (signal, target, entry) => {
      signal.#removes = { __proto__: null, target, entry, next: signal.#removes };
    };
  }
}
if (!timers) delete AbortSignal.timeout;

class AbortController {
  #signal = make();

  get signal() {
    return this.#signal;
  }

  abort(reason = undefined) {
    abort(this.#signal, reason);
  }
}
tag(AbortSignal.prototype, "AbortSignal");
tag(AbortController.prototype, "AbortController");
return { __proto__: null, AbortController, AbortSignal, make, abort, identify, reason, state, follow, depend };
