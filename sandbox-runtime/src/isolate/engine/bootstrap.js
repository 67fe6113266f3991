// Runs while a context is made, when V8 does not watch its intrinsics yet. Makes the plain properties of an object constant
// where others of it stay assignable. All others of the table are frozen with their object.
table(rows, (object, isPlain, isWhole) => {
  if (isWhole) return;
  for (const key of ownKeys(object)) {
    if (!isPlain(key)) continue;
    if (getOwnPropertyDescriptor(object, key).writable) Object.defineProperty(object, key, { __proto__: null, writable: false });
  }
});
