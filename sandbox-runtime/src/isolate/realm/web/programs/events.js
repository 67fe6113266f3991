"use strict";
// `Event`, `CustomEvent` and `EventTarget`. A program that may run after code of the guest: nothing is looked up on an intrinsic.
const { passed } = use("performance");
const { raise } = use("dom");
const NONE = 0, CAPTURING = 1, AT_TARGET = 2, BUBBLING = 3;
const isBag = (value) => (typeof value === "object" && value !== null) || typeof value === "function";
const bag = (value) => {
  if (value === undefined || value === null || isBag(value)) return value;
  return fail("the options are an object");
};
// `begin` has a target dispatch an event. `isOver` is whether no further listener gets it. `end` returns whether it was canceled.
let begin, passive, isOver, end;

class Event {
  #type;
  #bubbles;
  #cancelable;
  #composed;
  #time = passed();
  #target = null;
  #current = null;
  #phase = NONE;
  #isDispatched = false;
  #isStopped = false;
  #isOver = false;
  #isCanceled = false;
  #isPassive = false;
  #isTrusted = false;

  constructor(type, options = undefined) {
    if (arguments.length === 0) fail("an event has a type");
    this.#type = `${type}`;
    const given = bag(options);
    this.#bubbles = !!given?.bubbles;
    this.#cancelable = !!given?.cancelable;
    this.#composed = !!given?.composed;
  }

  static get NONE() {
    return NONE;
  }
  static get CAPTURING_PHASE() {
    return CAPTURING;
  }
  static get AT_TARGET() {
    return AT_TARGET;
  }
  static get BUBBLING_PHASE() {
    return BUBBLING;
  }
  get NONE() {
    return NONE;
  }
  get CAPTURING_PHASE() {
    return CAPTURING;
  }
  get AT_TARGET() {
    return AT_TARGET;
  }
  get BUBBLING_PHASE() {
    return BUBBLING;
  }
  get type() {
    return this.#type;
  }
  get target() {
    return this.#target;
  }
  get srcElement() {
    return this.#target;
  }
  get currentTarget() {
    return this.#current;
  }
  get eventPhase() {
    return this.#phase;
  }
  get bubbles() {
    return this.#bubbles;
  }
  get cancelable() {
    return this.#cancelable;
  }
  get composed() {
    return this.#composed;
  }
  get defaultPrevented() {
    return this.#isCanceled;
  }
  get returnValue() {
    return !this.#isCanceled;
  }
  set returnValue(value) {
    if (!value) this.preventDefault();
  }
  get cancelBubble() {
    return this.#isStopped;
  }
  set cancelBubble(value) {
    if (value) this.#isStopped = true;
  }
  get isTrusted() {
    return this.#isTrusted;
  }
  get timeStamp() {
    return this.#time;
  }

  composedPath() {
    return this.#current === null ? [] : [this.#current];
  }
  preventDefault() {
    if (this.#cancelable && !this.#isPassive) this.#isCanceled = true;
  }
  stopPropagation() {
    this.#isStopped = true;
  }
  stopImmediatePropagation() {
    this.#isStopped = true;
    this.#isOver = true;
  }
  initEvent(type, bubbles = false, cancelable = false) {
    if (arguments.length === 0) fail("an event has a type");
    if (this.#isDispatched) return;
    this.#type = `${type}`;
    this.#bubbles = !!bubbles;
    this.#cancelable = !!cancelable;
    this.#isStopped = this.#isOver = this.#isCanceled = this.#isTrusted = false;
    this.#target = null;
  }

  static {
    begin = (event, target, isTrusted) => {
      if (!isBag(event) || !(#type in event)) fail("dispatchEvent takes an Event");
      if (event.#isDispatched) raise("the event is being dispatched already", "InvalidStateError");
      event.#isDispatched = true;
      event.#isTrusted = isTrusted;
      event.#target = event.#current = target;
      event.#phase = AT_TARGET;
      return event.#type;
    };
    passive = (event, is) => {
      event.#isPassive = is;
    };
    isOver = (event) => event.#isOver;
    end = (event) => {
      event.#isDispatched = event.#isStopped = event.#isOver = false;
      event.#current = null;
      event.#phase = NONE;
      return event.#isCanceled;
    };
  }
}

class CustomEvent extends Event {
  #detail;

  constructor(type, options = undefined) {
    if (arguments.length === 0) fail("an event has a type");
    super(type, options);
    const detail = options?.detail;
    this.#detail = detail === undefined ? null : detail;
  }

  get detail() {
    return this.#detail;
  }
}

// `listen` adds a listener, and `unlisten` removes it. `fire` dispatches an event of the host by its type, and `send` an event.
let listen, unlisten, fire, send;

class EventTarget {
  // The listeners, as a list from first to last, and how many there were.
  #first = null;
  #last = null;
  #count = 0;

  addEventListener(type, listener, options = undefined) {
    this.#count;
    if (arguments.length < 2) fail("addEventListener takes a type and a listener");
    const name = `${type}`;
    const isObject = typeof listener === "function" || typeof listener === "object";
    if (!isObject && listener !== undefined) fail("the listener is a function, or an object with a function `handleEvent`");
    const given = isBag(options);
    const capture = !!(given ? options.capture : options);
    const once = given && !!options.once;
    const isPassive = given && !!options.passive;
    const signal = given ? options.signal : undefined;
    if (signal !== undefined && use("signals").state(signal)) return;
    if (listener === null || listener === undefined) return;
    for (let at = this.#first; at !== null; at = at.next) {
      if (at.listener === listener && at.type === name && at.capture === capture && !at.isHandler) return;
    }
    const entry = this.#add(name, listener, capture, once, isPassive, false);
    if (signal !== undefined) use("signals").follow(signal, this, entry);
  }

  removeEventListener(type, listener, options = undefined) {
    this.#count;
    if (arguments.length < 2) fail("removeEventListener takes a type and a listener");
    const name = `${type}`;
    const capture = !!(isBag(options) ? options.capture : options);
    for (let at = this.#first; at !== null; at = at.next) {
      if (at.listener === listener && at.type === name && at.capture === capture && !at.isHandler) return this.#remove(at);
    }
  }

  dispatchEvent(event) {
    this.#count;
    if (arguments.length === 0) fail("dispatchEvent takes an Event");
    return !this.#dispatch(event, false);
  }

  // Listeners that are added meanwhile do not get the event. A listener that was removed has the way to the next one still.
  #dispatch(event, isTrusted) {
    const type = begin(event, this, isTrusted);
    const count = this.#count;
    for (let at = this.#first; at !== null && at.number <= count && !isOver(event); at = at.next) {
      const listener = at.listener;
      if (listener === null || at.type !== type) continue;
      if (at.once) this.#remove(at);
      passive(event, at.isPassive);
      try {
        if (typeof listener === "function") call(listener, this, event);
        else {
          const handle = listener.handleEvent;
          if (typeof handle !== "function") fail("a listener's `handleEvent` is no function");
          call(handle, listener, event);
        }
      } catch (thrown) {
        report(thrown);
      }
      passive(event, false);
    }
    return end(event);
  }

  #add(type, listener, capture, once, isPassive, isHandler) {
    this.#count += 1;
    const entry = {
      __proto__: null, type, listener, capture, once, isPassive, isHandler, number: this.#count, before: this.#last, next: null,
    };
    if (this.#last === null) this.#first = entry;
    else this.#last.next = entry;
    this.#last = entry;
    return entry;
  }

  #remove(entry) {
    if (entry.listener === null) return;
    entry.listener = null;
    if (entry.before === null) this.#first = entry.next;
    else entry.before.next = entry.next;
    if (entry.next === null) this.#last = entry.before;
    else entry.next.before = entry.before;
  }

  static {
    listen = (target, type, listener) => target.#add(type, listener, false, false, false, true);
    unlisten = (target, entry) => target.#remove(entry);
    send = (target, event) => target.#dispatch(event, true);
    fire = (target, type) => send(target, new Event(type));
  }
}
tag(Event.prototype, "Event");
tag(CustomEvent.prototype, "CustomEvent");
tag(EventTarget.prototype, "EventTarget");
return { __proto__: null, Event, CustomEvent, EventTarget, listen, unlisten, fire, send };
