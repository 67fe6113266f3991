(function misuse(value) {
  const odd = [undefined, null, 0, 1, -1, 1e9, true, "x", "\ud800", 1n, {}, [], () => {}, Symbol(), new Proxy({}, {}), value];
  const seen = new Set();
  let failure;
  const attempt = (run) => {
    // A sandbox remembers few errors of its host.
    if (failure) return;
    try {
      visit(run());
    } catch (error) {
      // The host failed, or panicked; all else is a refusal.
      if (/ failed \(reference E/.test(error?.message)) failure ??= { error };
    }
  };
  const misused = (handle, methods) => {
    for (const key of methods) {
      const method = handle[key];
      if (typeof method !== "function" || key === Symbol.dispose) continue;
      for (const argument of odd) attempt(() => method.call(handle, argument, argument));
      for (const other of [...odd, Object.create(handle), { ...handle }]) attempt(() => method.call(other));
    }
    attempt(() => handle[Symbol.dispose]?.());
    attempt(() => handle[Symbol.dispose]?.());
    for (const key of methods) attempt(() => handle[key]());
  };
  const visit = (value) => {
    if (typeof value !== "object" || value === null || seen.has(value) || seen.size > 20) return;
    seen.add(value);
    const prototype = Object.getPrototypeOf(value);
    const isHandle = prototype !== null && Object.isFrozen(value) && Object.getPrototypeOf(prototype) === null;
    if (isHandle && !Object.hasOwn(prototype, "constructor")) return misused(value, Reflect.ownKeys(prototype));
    for (const part of value[Symbol.iterator] ? value : Object.values(value)) visit(part);
  };
  visit(value);
  if (failure) throw failure.error;
  return value;
})