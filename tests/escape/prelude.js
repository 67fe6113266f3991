// Stands before every case. It is loaded with the case, and takes what it needs before the case changes it.
const $proto = Reflect.getPrototypeOf, $own = Reflect.getOwnPropertyDescriptor, $keys = Reflect.ownKeys, $root = Object.prototype;
/** Uses a global object that was gained: the ops behind it, or else what it proves. */
const $global = (global, how) => {
  const ops = global?.Deno?.core?.ops;
  if (typeof ops?.op_canary === 'function') {
    ops.op_canary();
    return `ESCAPED: ${how}: ops of the host, and a file: ${ops.op_canary_read()}`;
  }
  return typeof global?.Object === 'function' ? `ESCAPED: ${how}: code from text` : '';
};
/** Makes code from text with whatever function this is. */
const $code = (make, how) => {
  for (const run of [() => make('return globalThis')(), () => new make('return globalThis')()]) {
    try { const gained = $global(run(), how); if (gained) return gained; } catch {}
  }
  return '';
};
/** Follows a value to its constructors and realm, and uses what is there; an empty string when there is nothing. */
const $use = (value, how) => {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return '';
  let gained = '', root = value;
  try { gained ||= $global(value, how); } catch {}
  for (let link = value, n = 0; link !== null && n < 8; n++) {
    for (const take of [() => link.constructor, () => link.constructor.constructor]) {
      try { const make = take(); if (typeof make === 'function') gained ||= $code(make, how); } catch {}
    }
    root = link;
    try { link = $proto(link); } catch { break; }
  }
  try { if (!gained && root !== $root && $own(root, 'constructor') && $own(root, '__defineGetter__')) gained = `ESCAPED: ${how}: an object of another realm`; } catch {}
  return gained;
};
/** What `run` throws. */
const $thrown = (run) => { try { run(); } catch (error) { return error; } };
/** The name of what `run` throws, or `ran`. */
const $name = (run) => { try { run(); } catch (error) { return error?.name ?? String(error); } return 'ran'; };
/** All of it is used; the first gain is told. */
const $all = (values, how) => { for (let i = 0; i < values.length; i++) { const gained = $use(values[i], `${how} ${i}`); if (gained) return gained; } return 'held'; };
