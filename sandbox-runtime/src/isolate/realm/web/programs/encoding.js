"use strict";
// `TextEncoder` and `TextDecoder`. A program that runs after code of the guest: nothing is looked up on an intrinsic.
class TextEncoder {
  get encoding() {
    return "utf-8";
  }

  encode(input = "") {
    return encode(`${input}`);
  }

  encodeInto(source, destination) {
    const text = `${source}`;
    const into = span(destination);
    const made = prefix(text, into[1]);
    const bytes = made[0], room = into[0], written = made[2];
    for (let i = 0; i < written; i++) room[i] = bytes[i];
    return { read: made[1], written };
  }
}

class TextDecoder {
  #encoding;
  #fatal;
  #ignoreBOM;
  // The bytes of a character that has not ended, as a number.
  #rest = 0;

  constructor(label = "utf-8", options = undefined) {
    const text = `${label}`;
    this.#encoding = find(text);
    if (this.#encoding === undefined) range(`the encoding ${text} is none that this sandbox has: utf-8, utf-16le, utf-16be, windows-1252`);
    this.#fatal = !!options?.fatal;
    this.#ignoreBOM = !!options?.ignoreBOM;
  }

  get encoding() {
    return this.#encoding;
  }

  get fatal() {
    return this.#fatal;
  }

  get ignoreBOM() {
    return this.#ignoreBOM;
  }

  decode(input = undefined, options = undefined) {
    const stream = !!options?.stream;
    const rest = this.#rest;
    this.#rest = 0;
    const made = decode(this.#encoding, this.#fatal, this.#ignoreBOM, stream, rest, input);
    if (made === undefined) fail("the bytes are malformed in the encoding of the decoder");
    this.#rest = made[1];
    return made[0];
  }
}
tag(TextEncoder.prototype, "TextEncoder");
tag(TextDecoder.prototype, "TextDecoder");
return { __proto__: null, TextEncoder, TextDecoder };
