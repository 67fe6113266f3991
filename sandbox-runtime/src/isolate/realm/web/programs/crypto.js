"use strict";
// `crypto`: random numbers, digests and HMAC. A program that runs after code of the guest: nothing is looked up on an intrinsic.
const { raise } = use("dom");
const own = { __proto__: null };
// The bytes of one request, at most, by the standard.
const MOST = 65536;

// The names of an algorithm and of the digest that it has, or undefined.
const nameOf = (algorithm) => {
  const isBag = typeof algorithm === "object" && algorithm !== null;
  return upper(`${isBag ? algorithm.name : algorithm}`);
};
const digestOf = (algorithm) => {
  const name = nameOf(algorithm);
  return size(name) === undefined ? raise(`the digest ${name} is none that this sandbox has`, "NotSupportedError") : name;
};
const ofKey = (algorithm) =>
  algorithm.hash === undefined ? fail("the algorithm of a key of HMAC has a `hash`") : digestOf(algorithm.hash);
const isHmac = (algorithm) => {
  const name = nameOf(algorithm);
  if (name !== "HMAC") raise(`the algorithm ${name} is none that this sandbox has: HMAC`, "NotSupportedError");
};
// What a key may be used for.
const usagesOf = (list) => {
  const uses = { __proto__: null, sign: false, verify: false };
  for (const item of list) {
    const use = `${item}`;
    if (uses[use] === undefined) isUsage(use) ? raise(`a key of HMAC is not for ${use}`, "SyntaxError") : fail(`${use} is no usage of a key`);
    uses[use] = true;
  }
  return uses;
};
const isUsage = (use) =>
  use === "encrypt" || use === "decrypt" || use === "deriveKey" || use === "deriveBits" || use === "wrapKey" || use === "unwrapKey";
const listOf = (uses) => {
  if (uses.sign) return uses.verify ? ["sign", "verify"] : ["sign"];
  return uses.verify ? ["verify"] : [];
};
const formatOf = (format) => {
  const form = `${format}`;
  if (form === "raw" || form === "jwk") return form;
  if (form !== "spki" && form !== "pkcs8") fail(`${form} is no format of a key`);
  return raise(`the format ${form} is none that this sandbox has: raw, jwk`, "NotSupportedError");
};
let make, secretOf;

class CryptoKey {
  // Bytes that no guest gets but by `exportKey`.
  #secret;
  #hash;
  #extractable;
  #uses;
  #algorithm = null;
  #usages = null;

  constructor(key = undefined, secret = undefined, hash = undefined, extractable = undefined, uses = undefined) {
    if (key !== own) fail("Illegal constructor");
    this.#secret = secret;
    this.#hash = hash;
    this.#extractable = extractable;
    this.#uses = uses;
  }

  get type() {
    this.#secret;
    return "secret";
  }
  get extractable() {
    return this.#extractable;
  }
  get algorithm() {
    this.#algorithm ??= { name: "HMAC", hash: { name: this.#hash }, length: span(this.#secret)[1] * 8 };
    return this.#algorithm;
  }
  get usages() {
    this.#usages ??= listOf(this.#uses);
    return this.#usages;
  }

  static {
    make = (secret, hash, extractable, uses) => {
      if (!uses.sign && !uses.verify) raise("a key is for a use", "SyntaxError");
      return new CryptoKey(own, secret, hash, !!extractable, uses);
    };
    // The secret and the digest of a key that may be used so.
    secretOf = (key, use) => {
      if (typeof key !== "object" || key === null || !(#secret in key)) fail("the key is a CryptoKey");
      const isAllowed = use === null ? key.#extractable : key.#uses[use];
      if (!isAllowed) raise(use === null ? "the key is not extractable" : `the key is not for ${use}`, "InvalidAccessError");
      return { __proto__: null, secret: key.#secret, hash: key.#hash, uses: key.#uses };
    };
  }
}

class SubtleCrypto {
  constructor(key = undefined) {
    if (key !== own) fail("Illegal constructor");
  }

  async digest(algorithm, data) {
    if (arguments.length < 2) fail("digest takes an algorithm and bytes");
    return digest(digestOf(algorithm), data);
  }

  async generateKey(algorithm, extractable, usages) {
    if (arguments.length < 3) fail("generateKey takes an algorithm, whether the key is extractable, and its usages");
    isHmac(algorithm);
    const hash = ofKey(algorithm);
    const bits = algorithm.length === undefined ? size(hash) * 8 : +algorithm.length;
    if (!(bits > 0 && bits <= MOST * 8 && bits % 8 === 0)) raise("the length of a key is a number of whole bytes", "OperationError");
    const uses = usagesOf(usages);
    return make(random(bits / 8), hash, extractable, uses);
  }

  async importKey(format, data, algorithm, extractable, usages) {
    if (arguments.length < 5) fail("importKey takes a format, a key, an algorithm, whether the key is extractable, and its usages");
    const form = formatOf(format);
    isHmac(algorithm);
    const hash = ofKey(algorithm);
    const uses = usagesOf(usages);
    const secret = form === "raw" ? copied(data) : ofJwk(data, hash, extractable);
    if (secret === undefined || span(secret)[1] === 0) raise("the key has no bytes", "DataError");
    if (algorithm.length !== undefined && +algorithm.length !== span(secret)[1] * 8) raise("the key has another length", "DataError");
    return make(secret, hash, extractable, uses);
  }

  async exportKey(format, key) {
    if (arguments.length < 2) fail("exportKey takes a format and a key");
    const form = formatOf(format);
    const { secret, hash, uses } = secretOf(key, null);
    if (form === "raw") return buffered(secret);
    return { key_ops: listOf(uses), ext: true, kty: "oct", k: base64url(secret), alg: named(hash) };
  }

  async sign(algorithm, key, data) {
    if (arguments.length < 3) fail("sign takes an algorithm, a key and bytes");
    isHmac(algorithm);
    const { secret, hash } = secretOf(key, "sign");
    return sign(hash, secret, data);
  }

  async verify(algorithm, key, signature, data) {
    if (arguments.length < 4) fail("verify takes an algorithm, a key, a signature and bytes");
    isHmac(algorithm);
    const { secret, hash } = secretOf(key, "verify");
    return verify(hash, secret, data, signature);
  }
}

// The name of an algorithm of JSON Web Keys.
const named = (hash) => {
  switch (hash) {
    case "SHA-1":
      return "HS1";
    case "SHA-256":
      return "HS256";
    case "SHA-384":
      return "HS384";
    default:
      return "HS512";
  }
};
const ofJwk = (data, hash, extractable) => {
  if (typeof data !== "object" || data === null) fail("a key of the format jwk is an object");
  const { kty, k, alg, ext } = data;
  if (kty !== "oct" || typeof k !== "string") raise("a key of HMAC has the type oct, and `k`", "DataError");
  if (alg !== undefined && alg !== named(hash)) raise("the key is for another digest", "DataError");
  if (ext === false && extractable) raise("the key is not extractable", "DataError");
  return of_base64url(k);
};

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
tag(CryptoKey.prototype, "CryptoKey");
tag(SubtleCrypto.prototype, "SubtleCrypto");
tag(Crypto.prototype, "Crypto");
return { __proto__: null, crypto: new Crypto(own), Crypto, CryptoKey, SubtleCrypto };
