"use strict";
// `queueMicrotask`. A program that runs after code of the guest: nothing is looked up on an intrinsic.
// What the function throws is a rejection that nothing handles.
const later = async (callback) => {
  await undefined;
  callback();
};
const { queueMicrotask } = {
  queueMicrotask(callback) {
    if (typeof callback !== "function") fail("queueMicrotask takes a function");
    later(callback);
  },
};
return { __proto__: null, queueMicrotask };
