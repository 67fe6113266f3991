"use strict";
// `Blob`, `File` and `FormData`. A program that runs after code of the guest: nothing is looked up on an intrinsic. The bytes of a Blob
// are its own, and no guest gets them: what it reads is a copy. So blobs share them.
const { pairs, put, find, findAll, remove, replace, each, both, first, second } = use("pairs");
const own = { __proto__: null };
let bytesOf, typeOf, fileOf, nameOf, fieldsOf, listOf;

const bag = (options) => {
  const isBag = typeof options === "object" || typeof options === "function";
  return isBag || options === undefined ? options : fail("the options are an object");
};
const piece = (part, isNative) => {
  if (memory(part)) return copied(part);
  return bytesOf(part) ?? utf8(`${part}`, isNative);
};
const within = (value, most, otherwise) => {
  if (value === undefined) return otherwise;
  let at = +value;
  at = at - (at % 1) || 0;
  if (at < 0) return at + most < 0 ? 0 : at + most;
  return at > most ? most : at;
};

class Blob {
  #bytes;
  #size;
  #type;

  constructor(parts = undefined, options = undefined) {
    if (parts === own) {
      this.#bytes = options.bytes;
      this.#type = options.type;
    } else {
      if (parts !== undefined && (typeof parts !== "object" || parts === null)) fail("the parts of a Blob are a list");
      const given = bag(options);
      const endings = given?.endings ?? "transparent";
      if (`${endings}` !== "transparent" && `${endings}` !== "native") fail("`endings` is \"transparent\" or \"native\"");
      const all = bare();
      if (parts !== undefined) for (const part of parts) all[all.length] = piece(part, `${endings}` === "native");
      const type = given?.type;
      this.#bytes = gathered(all);
      this.#type = type === undefined ? "" : printable(`${type}`);
    }
    this.#size = span(this.#bytes)[1];
  }

  get size() {
    return this.#size;
  }

  get type() {
    return this.#type;
  }

  slice(start = undefined, end = undefined, type = undefined) {
    const from = within(start, this.#size, 0);
    const to = within(end, this.#size, this.#size);
    const bytes = part(this.#bytes, from, to > from ? to - from : 0);
    return new Blob(own, { __proto__: null, bytes, type: type === undefined ? "" : printable(`${type}`) });
  }

  async arrayBuffer() {
    return buffered(this.#bytes);
  }

  async bytes() {
    return copied(this.#bytes);
  }

  async text() {
    return decoded(this.#bytes);
  }

  static {
    const isBlob = (value) => typeof value === "object" && value !== null && #bytes in value;
    bytesOf = (value) => (isBlob(value) ? value.#bytes : undefined);
    typeOf = (value) => value.#type;
  }
}
const blob = (bytes, type) => new Blob(own, { __proto__: null, bytes, type: printable(type) });

class File extends Blob {
  #name;
  #lastModified;

  constructor(parts, name, options = undefined) {
    if (parts !== own && arguments.length < 2) fail("a File takes a list of parts and a name");
    super(parts, options);
    this.#name = well(`${name}`);
    const time = options?.lastModified;
    const number = time === undefined ? now() : +time;
    this.#lastModified = number - (number % 1) || 0;
  }

  get name() {
    return this.#name;
  }

  get lastModified() {
    return this.#lastModified;
  }

  static {
    nameOf = (file) => file.#name;
    fileOf = (value, name) => {
      const isFile = #name in value;
      if (isFile && name === undefined) return value;
      const lastModified = isFile ? value.#lastModified : now();
      const options = { __proto__: null, bytes: bytesOf(value), type: typeOf(value), lastModified };
      return new File(own, name === undefined ? "blob" : `${name}`, options);
    };
  }
}

class FormData {
  // Names, and texts or files, in turn.
  #list = bare();

  constructor(form = undefined) {
    if (form !== undefined) fail("a FormData is made without a form");
  }

  append(name, value, filename = undefined) {
    if (arguments.length < 2) fail("append takes a name and a value");
    put(this.#list, well(`${name}`), entry(value, filename));
  }

  delete(name) {
    if (arguments.length < 1) fail("delete takes a name");
    const text = well(`${name}`);
    remove(this.#list, 0, (key) => key === text);
  }

  get(name) {
    if (arguments.length < 1) fail("get takes a name");
    return find(this.#list, well(`${name}`));
  }

  getAll(name) {
    if (arguments.length < 1) fail("getAll takes a name");
    return findAll(this.#list, well(`${name}`));
  }

  has(name) {
    if (arguments.length < 1) fail("has takes a name");
    return this.get(name) !== null;
  }

  set(name, value, filename = undefined) {
    if (arguments.length < 2) fail("set takes a name and a value");
    const text = well(`${name}`);
    replace(this.#list, text, entry(value, filename));
  }

  forEach(callback, self = undefined) {
    each(this, entriesOf, callback, self);
  }

  entries() {
    return new Pairs(this, both);
  }

  keys() {
    return new Pairs(this, first);
  }

  values() {
    return new Pairs(this, second);
  }

  static {
    fieldsOf = (value) => (typeof value === "object" && value !== null && #list in value ? value.#list : undefined);
    listOf = (form) => form.#list;
  }
}
const entriesOf = (form) => listOf(form);
const Pairs = pairs("FormData", entriesOf);
const entry = (value, filename) => {
  if (bytesOf(value) !== undefined) return fileOf(value, filename);
  return filename === undefined ? well(`${value}`) : fail("a value with a file name is a Blob");
};

// The form of names and values in turn.
const form = (list) => {
  const made = new FormData();
  for (let at = 0; at < list.length; at += 2) put(listOf(made), list[at], list[at + 1]);
  return made;
};

// The bytes and the type of a form as `multipart/form-data`.
const multipart = (list) => {
  const boundary = `----sandbox-${uuid()}`;
  const all = bare();
  for (let at = 0; at < list.length; at += 2) {
    const value = list[at + 1];
    const isText = typeof value === "string";
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${quoted(list[at])}"`;
    const file = isText ? "" : `; filename="${quoted(nameOf(value))}"\r\nContent-Type: ${typeOf(value) || "application/octet-stream"}`;
    all[all.length] = utf8(`${head}${file}\r\n\r\n`, false);
    all[all.length] = isText ? utf8(lines(value), false) : bytesOf(value);
    all[all.length] = utf8("\r\n", false);
  }
  all[all.length] = utf8(`--${boundary}--\r\n`, false);
  return { __proto__: null, bytes: gathered(all), type: `multipart/form-data; boundary=${boundary}` };
};
alias(FormData.prototype, iterator, "entries");
tag(Blob.prototype, "Blob");
tag(File.prototype, "File");
tag(FormData.prototype, "FormData");
return { __proto__: null, Blob, File, FormData, Pairs, blob, form, bytesOf, typeOf, fieldsOf, multipart };
