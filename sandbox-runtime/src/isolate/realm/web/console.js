"use strict";
// The methods of `console`. A program that runs after code of the guest: nothing is looked up on an intrinsic.
const DEBUG = 0, INFO = 1, WARN = 2, ERROR = 3;
const counts = { __proto__: null };
const timers = { __proto__: null };
let depth = 0;
const named = (label) => (typeof label === "string" || (isRead && label !== undefined) ? `${label}` : "default");
const say = (level, text) => write(level, depth, [], text);

const elapsed = (label, values) => {
  const name = named(label);
  if (name in timers) write(INFO, depth, values, `${name}: ${now() - timers[name]}ms`);
  else say(WARN, `there is no timer ${name}`);
  return name;
};

const console = {
  debug(...values) {
    write(DEBUG, depth, values);
  },
  trace(...values) {
    write(DEBUG, depth, values);
  },
  log(...values) {
    write(INFO, depth, values);
  },
  info(...values) {
    write(INFO, depth, values);
  },
  warn(...values) {
    write(WARN, depth, values);
  },
  error(...values) {
    write(ERROR, depth, values);
  },
  dir(value) {
    write(INFO, depth, [value]);
  },
  dirxml(...values) {
    write(INFO, depth, values);
  },
  table(value, columns) {
    table(depth, value, columns);
  },
  assert(condition, ...values) {
    if (!condition) write(ERROR, depth, values, values.length > 0 ? "Assertion failed:" : "Assertion failed");
  },
  group(...values) {
    if (values.length > 0) write(INFO, depth, values);
    depth += 1;
  },
  groupCollapsed(...values) {
    if (values.length > 0) write(INFO, depth, values);
    depth += 1;
  },
  groupEnd() {
    if (depth > 0) depth -= 1;
  },
  count(label) {
    const name = named(label);
    counts[name] = (counts[name] ?? 0) + 1;
    say(INFO, `${name}: ${counts[name]}`);
  },
  countReset(label) {
    const name = named(label);
    if (name in counts) counts[name] = 0;
    else say(WARN, `there is no count ${name}`);
  },
  time(label) {
    const name = named(label);
    if (name in timers) say(WARN, `there is a timer ${name} already`);
    else timers[name] = now();
  },
  timeLog(label, ...values) {
    elapsed(label, values);
  },
  timeEnd(label) {
    delete timers[elapsed(label, [])];
  },
  clear() {
    depth = 0;
  },
};
return { __proto__: null, console };
