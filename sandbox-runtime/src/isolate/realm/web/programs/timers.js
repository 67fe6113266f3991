"use strict";
// `setTimeout` and its like. A program that runs after code of the guest: nothing is looked up on an intrinsic.
//
// The timers of a call are a group, in the order of their times. The host keeps the group with the call, and asks for one wait at a
// time. Each wait is an answer of the host, so a timer has a turn of its own. A call that is over has no waits.
const MOST_SPAN = 2147483647;
let last = 0;

// The time of the next timers: that of the timer which ran last, while a clock that is set stands still.
const later = (group) => {
  const now = time();
  return (steps && now === group.seen) || now < group.now ? group.now : now;
};

// The entry stands behind those of the same time.
const insert = (group, entry) => {
  let at = group.last;
  while (at !== null && at.due > entry.due) at = at.before;
  entry.before = at;
  entry.next = at === null ? group.first : at.next;
  if (entry.next === null) group.last = entry;
  else entry.next.before = entry;
  if (at === null) group.first = entry;
  else at.next = entry;
};

const remove = (group, entry) => {
  if (entry.before === null) group.first = entry.next;
  else entry.before.next = entry.next;
  if (entry.next === null) group.last = entry.before;
  else entry.next.before = entry.before;
};

const forget = (group, entry) => {
  delete group.entries[entry.id];
  group.count -= 1;
};

// A wait that is under way for a later time stays, and finds nothing to do.
const wait = (group) => {
  const first = group.first, earliest = group.waits;
  if (first === null || (earliest !== null && earliest.due <= first.due)) return;
  group.waits = { __proto__: null, due: first.due, next: earliest };
  turn(group, first.due);
};

const turn = async (group, due) => {
  const span = due - later(group);
  await sleep(due, span > 0 ? span : 0);
  let before = null;
  for (let at = group.waits; at !== null; before = at, at = at.next) {
    if (at.due !== due) continue;
    if (before === null) group.waits = at.next;
    else before.next = at.next;
    break;
  }
  const now = time(), first = group.first;
  if (first !== null && first.due <= (now > due ? now : due)) run(group, first);
  wait(group);
};

const run = (group, entry) => {
  remove(group, entry);
  group.seen = time();
  group.now = entry.due;
  if (entry.repeats) {
    entry.due = (steps ? entry.due : later(group)) + entry.span;
    insert(group, entry);
  } else forget(group, entry);
  try {
    apply(entry.callback, undefined, entry.values);
  } catch (thrown) {
    report(thrown);
  }
};

const begin = (callback, span, repeats, values) => {
  last += 1;
  const id = last;
  let group = current(owner);
  if (group === undefined) {
    group = { __proto__: null, now: 0, seen: 0, count: 0, first: null, last: null, waits: null, entries: { __proto__: null } };
    // Nothing waits for a call that is not asynchronous.
    if (!join(owner, group)) return id;
  }
  if (group.count >= most) return exceed();
  const entry = { __proto__: null, id, due: later(group) + span, span, repeats, callback, values, before: null, next: null };
  group.count += 1;
  group.entries[id] = entry;
  insert(group, entry);
  wait(group);
  return id;
};

const end = (group, id) => {
  const entry = group.entries[id];
  if (entry === undefined) return false;
  remove(group, entry);
  forget(group, entry);
  return true;
};

const clear = (given) => {
  const id = typeof given === "string" ? +given : given;
  if (typeof id !== "number") return;
  const group = current(owner);
  if (group !== undefined && end(group, id)) return;
  const all = groups(owner);
  for (let at = 0; at < all.length; at++) if (end(all[at], id)) return;
};

const set = (callback, span, repeats, values) => {
  if (typeof callback !== "function") fail("a timer takes a function");
  const given = +span;
  return begin(callback, given >= 1 && given <= MOST_SPAN ? given - (given % 1) : 0, repeats, values);
};

const made = {
  setTimeout(callback, span = 0, ...values) {
    return set(callback, span, false, values);
  },
  setInterval(callback, span = 0, ...values) {
    return set(callback, span, true, values);
  },
  setImmediate(callback, ...values) {
    return set(callback, 0, false, values);
  },
  clearTimeout(id = undefined) {
    clear(id);
  },
  clearInterval(id = undefined) {
    clear(id);
  },
  clearImmediate(id = undefined) {
    clear(id);
  },
};
const after = (span, callback) => begin(callback, span, false, []);
return { __proto__: null, ...made, after };
