"use strict";
// `MessageChannel`, `MessagePort` and `MessageEvent`. A program that runs after code of the guest: nothing is looked up on an intrinsic.
// A message has a turn of its own, as a timer has, and its value is a clone.
const { Event, EventTarget, listen, send } = use("events");
const { structuredClone } = use("clone");
const { after } = use("timers");
const own = { __proto__: null };
let join;

class MessageEvent extends Event {
  #data = null;
  #origin = "";
  #lastEventId = "";

  constructor(type, options = undefined) {
    if (arguments.length === 0) fail("an event has a type");
    super(type, options);
    const data = options?.data, origin = options?.origin, id = options?.lastEventId;
    if (data !== undefined) this.#data = data;
    if (origin !== undefined) this.#origin = `${origin}`;
    if (id !== undefined) this.#lastEventId = `${id}`;
  }

  get data() {
    return this.#data;
  }
  get origin() {
    return this.#origin;
  }
  get lastEventId() {
    return this.#lastEventId;
  }
  get source() {
    this.#data;
    return null;
  }
  get ports() {
    this.#data;
    return [];
  }
}

class MessagePort extends EventTarget {
  #other = null;
  #isStarted = false;
  // The messages that wait for the port to be started, as a list from first to last.
  #first = null;
  #last = null;
  #handler = null;

  constructor(key = undefined) {
    if (key !== own) fail("a MessagePort is made by a MessageChannel: write new MessageChannel().port1");
    super();
  }

  postMessage(message, options = undefined) {
    if (arguments.length === 0) fail("postMessage takes a message");
    // A list of what is transferred, or options with one.
    const isList = typeof options === "object" && options !== null && options[iterator] !== undefined;
    const transfer = isList ? options : options?.transfer;
    const data = structuredClone(message, transfer === undefined ? undefined : { __proto__: null, transfer });
    const other = this.#other;
    if (other === null) return;
    const entry = { __proto__: null, data, next: null };
    if (other.#last === null) other.#first = entry;
    else other.#last.next = entry;
    other.#last = entry;
    if (other.#isStarted) after(0, () => other.#deliver());
  }

  start() {
    if (this.#isStarted) return;
    this.#isStarted = true;
    for (let at = this.#first; at !== null; at = at.next) after(0, () => this.#deliver());
  }

  close() {
    const other = this.#other;
    this.#other = null;
    if (other !== null) other.#other = null;
  }

  get onmessage() {
    return this.#handler === null ? null : this.#handler.listener;
  }

  set onmessage(value) {
    const listener = typeof value === "function" || (typeof value === "object" && value !== null) ? value : null;
    if (this.#handler !== null) this.#handler.listener = listener;
    else if (listener !== null) this.#handler = listen(this, "message", listener);
    this.start();
  }

  #deliver() {
    const entry = this.#first;
    if (entry === null) return;
    this.#first = entry.next;
    if (entry.next === null) this.#last = null;
    send(this, new MessageEvent("message", { __proto__: null, data: entry.data }));
  }

  static {
    join = (one, other) => {
      one.#other = other;
      other.#other = one;
    };
  }
}

class MessageChannel {
  #port1 = new MessagePort(own);
  #port2 = new MessagePort(own);

  constructor() {
    join(this.#port1, this.#port2);
  }

  get port1() {
    return this.#port1;
  }
  get port2() {
    return this.#port2;
  }
}
tag(MessageEvent.prototype, "MessageEvent");
tag(MessagePort.prototype, "MessagePort");
tag(MessageChannel.prototype, "MessageChannel");
return { __proto__: null, MessageChannel, MessageEvent, MessagePort };
