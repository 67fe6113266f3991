"use strict";
// `atob` and `btoa`. A program that runs after code of the guest: nothing is looked up on an intrinsic.
const { raise } = use("dom");
const { atob, btoa } = {
  atob(data) {
    if (arguments.length === 0) fail("atob takes a text");
    const text = decode(`${data}`);
    return text === undefined ? raise("the text of atob is no Base64", "InvalidCharacterError") : text;
  },
  btoa(data) {
    if (arguments.length === 0) fail("btoa takes a text");
    const text = encode(`${data}`);
    return text === undefined ? raise("the text of btoa has a character above U+00FF", "InvalidCharacterError") : text;
  },
};
return { __proto__: null, atob, btoa };
