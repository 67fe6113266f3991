"use strict";
// Constructors that count resizable buffers, whose memory V8 asks no allocator for. A buffer counts with its greatest length. All
// that is used here is taken before a guest can change it.
const { apply, construct, defineProperty, getOwnPropertyDescriptor, ownKeys } = Reflect;
const Full = RangeError;
const full = () => new Full("Array buffer allocation failed");
const hidden = (object, key, value) =>
  defineProperty(object, key, { __proto__: null, value, writable: true, enumerable: false, configurable: true });
const keep = (buffer, most) => {
  if (!hold(buffer, most)) throw full();
  return buffer;
};

const counted = (name, Real) => {
  const { [name]: Other } = {
    [name]: function (length) {
      if (new.target === undefined) return Real(length);
      const options = arguments[1];
      if (options === null || (typeof options !== "object" && typeof options !== "function")) {
        return construct(Real, [length], new.target);
      }
      // Each conversion happens once, and in the order of ECMAScript.
      const size = +length;
      if (size <= -1) return construct(Real, [size], new.target);
      const asked = options.maxByteLength;
      if (asked === undefined) return construct(Real, [size], new.target);
      const most = +asked;
      if (!(most < size) && !fits(most)) throw full();
      return keep(construct(Real, [size, { __proto__: null, maxByteLength: most }], new.target), most);
    },
  };
  for (const key of ownKeys(Real)) defineProperty(Other, key, getOwnPropertyDescriptor(Real, key));
  hidden(Real.prototype, "constructor", Other);
  hidden(globalThis, name, Other);
};

const { prototype } = ArrayBuffer;
const [isResizable, greatest] = ["resizable", "maxByteLength"].map((key) => getOwnPropertyDescriptor(prototype, key).get);
const { transfer: original } = prototype;
const { transfer } = {
  transfer() {
    const made = apply(original, this, arguments);
    return apply(isResizable, made, []) ? keep(made, apply(greatest, made, [])) : made;
  },
};
hidden(prototype, "transfer", transfer);
counted("ArrayBuffer", ArrayBuffer);
if (typeof SharedArrayBuffer === "function") counted("SharedArrayBuffer", SharedArrayBuffer);
