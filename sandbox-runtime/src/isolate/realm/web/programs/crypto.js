"use strict";
// `crypto`: random numbers and digests. A program that runs after code of the guest: nothing is looked up on an intrinsic.
const { raise } = use("dom");
const own = { __proto__: null };
// The bytes of one request, at most, by the standard.
const MOST = 65536;

class SubtleCrypto {
  constructor(key = undefined) {
    if (key !== own) fail("Illegal constructor");
  }

  async digest(algorithm, data) {
    const isObject = typeof algorithm === "object" && algorithm !== null;
    const name = `${isObject ? algorithm.name : algorithm}`;
    const made = digest(name, data);
    return made === undefined ? raise(`the digest ${name} is none that this sandbox has`, "NotSupportedError") : made;
  }
}

class Crypto {
  #subtle = new SubtleCrypto(own);

  constructor(key = undefined) {
    if (key !== own) fail("Illegal constructor");
  }

  get subtle() {
    return this.#subtle;
  }

  getRandomValues(array) {
    this.#subtle;
    if (arguments.length === 0) fail("getRandomValues takes a typed array");
    const into = integers(array);
    if (into === undefined) raise("getRandomValues takes a typed array of integers", "TypeMismatchError");
    const bytes = into[0];
    const length = into[1];
    if (length > MOST) raise(`getRandomValues gives at most ${MOST} bytes`, "QuotaExceededError");
    const made = random(length);
    for (let i = 0; i < length; i++) bytes[i] = made[i];
    return array;
  }

  randomUUID() {
    this.#subtle;
    return uuid();
  }
}
tag(SubtleCrypto.prototype, "SubtleCrypto");
tag(Crypto.prototype, "Crypto");
return { __proto__: null, crypto: new Crypto(own), Crypto, SubtleCrypto };
