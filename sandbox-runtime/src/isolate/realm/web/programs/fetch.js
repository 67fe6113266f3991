"use strict";
// `Headers`, `Request`, `Response` and `fetch`, over the contract `Fetch` of the host. A program that runs after code of the guest:
// nothing is looked up on an intrinsic. A body is bytes, which are read whole.
const { pairs, put, findAll, remove, replace, each, both, first, second } = use("pairs");
const { blob, form, bytesOf, typeOf, fieldsOf, multipart } = use("blob");
const own = { __proto__: null };
const isBag = (value) => (typeof value === "object" && value !== null) || typeof value === "function";
const bag = (options) => (options === undefined || options === null || isBag(options) ? options : fail("the options are an object"));
let headersOf, fixed, sortedOf, received, copyOf, ofType;

class Headers {
  // Names in lower case and values, in turn, as they were added. In order when they are read, with the values of a name joined.
  #list = bare();
  #sorted = null;
  #isFixed = false;

  constructor(init = undefined) {
    if (init === undefined) return;
    if (!isBag(init)) fail("Headers are made from an object, or from a list of names and values");
    if (#list in init) {
      this.#list = twin(init.#list);
      return;
    }
    const iterate = init[iterator];
    if (iterate === undefined || iterate === null) {
      const names = keys(init);
      const count = names.length;
      for (let at = 0; at < count; at++) this.#add(names[at], init[names[at]]);
      return;
    }
    for (const pair of init) {
      if (!isBag(pair)) fail("each pair of Headers is a list");
      const parts = bare();
      for (const part of pair) if (parts.length < 3) parts[parts.length] = `${part}`;
      if (parts.length !== 2) fail("each pair of Headers has a name and a value");
      this.#add(parts[0], parts[1]);
    }
  }

  #change() {
    if (this.#isFixed) fail("these headers cannot be changed");
    this.#sorted = null;
  }

  #add(name, value) {
    const key = nameOf(name), text = valueOf(value);
    this.#change();
    put(this.#list, key, text);
  }

  append(name, value) {
    if (arguments.length < 2) fail("append takes a name and a value");
    this.#add(name, value);
  }

  delete(name) {
    if (arguments.length < 1) fail("delete takes a name");
    const key = nameOf(name);
    this.#change();
    remove(this.#list, 0, (name) => name === key);
  }

  get(name) {
    if (arguments.length < 1) fail("get takes a name");
    const key = nameOf(name);
    const list = this.#list;
    let text = null;
    for (let at = 0; at < list.length; at += 2) {
      if (list[at] === key) text = text === null ? list[at + 1] : `${text}, ${list[at + 1]}`;
    }
    return text;
  }

  getSetCookie() {
    return findAll(this.#list, "set-cookie");
  }

  has(name) {
    if (arguments.length < 1) fail("has takes a name");
    const key = nameOf(name);
    const list = this.#list;
    for (let at = 0; at < list.length; at += 2) if (list[at] === key) return true;
    return false;
  }

  set(name, value) {
    if (arguments.length < 2) fail("set takes a name and a value");
    const key = nameOf(name), text = valueOf(value);
    this.#change();
    replace(this.#list, key, text);
  }

  forEach(callback, self = undefined) {
    each(this, sortedOf, callback, self);
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
    headersOf = (headers) => headers.#list;
    sortedOf = (headers) => (headers.#sorted ??= arranged(headers.#list));
    fixed = (headers) => {
      headers.#isFixed = true;
      return headers;
    };
    // The headers of a list of the host.
    received = (list) => {
      const headers = new Headers();
      headers.#list = list;
      return headers;
    };
    copyOf = (headers) => received(twin(headers.#list));
    ofType = (headers, type) => {
      if (type !== "" && !headers.has("content-type")) headers.#add("content-type", type);
    };
  }
}
const Pairs = pairs("Headers", sortedOf);
const nameOf = (name) => header(`${name}`) ?? fail("the name of a header is a token");
const valueOf = (value) => content(`${value}`) ?? fail("the value of a header has characters of one byte, and no line breaks");

// The bytes of a body, and the type that its headers get.
const extract = (value) => {
  if (memory(value)) return { __proto__: null, bytes: copied(value), type: "" };
  const bytes = bytesOf(value);
  if (bytes !== undefined) return { __proto__: null, bytes, type: typeOf(value) };
  const fields = fieldsOf(value);
  if (fields !== undefined) return multipart(fields);
  const query = typeof value === "object" ? use("url").queryOf(value) : undefined;
  if (query !== undefined) return { __proto__: null, bytes: utf8(query, false), type: "application/x-www-form-urlencoded;charset=UTF-8" };
  return { __proto__: null, bytes: utf8(`${value}`, false), type: "text/plain;charset=UTF-8" };
};

// A body is put onto a request or a response by a constructor that returns it.
let hold, refill, peek, take, isUsed;
class Held extends (function (owner) { return owner; }) {
  #bytes;
  #isUsed = false;

  constructor(owner, bytes) {
    super(owner);
    this.#bytes = bytes;
  }

  static {
    hold = (owner, bytes) => new Held(owner, bytes);
    refill = (owner, bytes) => (owner.#bytes = bytes);
    // The bytes of a body that is not used, or null.
    peek = (owner) => (owner.#isUsed ? fail("Body is unusable: Body has already been read") : owner.#bytes);
    take = (owner) => {
      const bytes = peek(owner);
      owner.#isUsed = bytes !== null;
      return bytes;
    };
    isUsed = (owner) => owner.#isUsed;
  }
}
const read = (owner) => take(owner) ?? utf8("", false);
const typeFrom = (owner) => headersFrom(owner).get("content-type") ?? "";

class Body {
  get bodyUsed() {
    return isUsed(this);
  }

  async arrayBuffer() {
    return buffered(read(this));
  }

  async blob() {
    const bytes = read(this);
    return blob(bytes, media(typeFrom(this)));
  }

  async bytes() {
    return copied(read(this));
  }

  async formData() {
    const type = mime(typeFrom(this));
    if (type !== "application/x-www-form-urlencoded") fail("formData reads bodies of the type application/x-www-form-urlencoded");
    return form(fields(decoded(read(this))));
  }

  async json() {
    return parsed(decoded(read(this)));
  }

  async text() {
    return decoded(read(this));
  }
}

let requestOf, headersFrom;
const choose = (value, all, otherwise) => {
  if (value === undefined) return otherwise;
  const text = `${value}`;
  for (let at = 0; at < all.length; at++) if (all[at] === text) return text;
  return fail(`'${text}' is no value of this option of a request`);
};
const REDIRECTS = ["follow", "error", "manual"];
const CACHES = ["default", "no-store", "reload", "no-cache", "force-cache", "only-if-cached"];
const CREDENTIALS = ["omit", "same-origin", "include"];
const MODES = ["cors", "same-origin", "no-cors"];

class Request {
  #url;
  #method = "GET";
  #headers;
  #redirect = "follow";
  #cache = "default";
  #credentials = "same-origin";
  #mode = "cors";
  // The signal that the maker gave, and that of this request, which is made when it is first read.
  #given = null;
  #signal = null;

  constructor(input, options = undefined) {
    if (arguments.length === 0) fail("a Request takes a URL");
    const init = bag(options);
    const from = isBag(input) && #url in input ? input : null;
    if (from === null) {
      this.#url = address(`${input}`) ?? fail(`Failed to parse URL from ${input}`);
      if (this.#url === "") fail("the URL of a request has no user and no password");
    } else {
      this.#url = from.#url;
      this.#method = from.#method;
      this.#redirect = from.#redirect;
      this.#cache = from.#cache;
      this.#credentials = from.#credentials;
      this.#mode = from.#mode;
      this.#given = from.#given ?? from.#signal;
    }
    const given = init?.method;
    if (given !== undefined) this.#method = verb(`${given}`) ?? fail(`'${given}' is no method of a request`);
    this.#redirect = choose(init?.redirect, REDIRECTS, this.#redirect);
    this.#cache = choose(init?.cache, CACHES, this.#cache);
    this.#credentials = choose(init?.credentials, CREDENTIALS, this.#credentials);
    this.#mode = choose(init?.mode, MODES, this.#mode);
    const signal = init?.signal;
    if (signal !== undefined) {
      if (signal !== null) use("signals").state(signal);
      this.#given = signal;
    }
    const named = init?.headers;
    this.#headers = named === undefined ? (from === null ? new Headers() : copyOf(from.#headers)) : new Headers(named);
    const value = init?.body;
    const hasBody = value !== undefined && value !== null;
    const isBare = this.#method === "GET" || this.#method === "HEAD";
    if (isBare && (hasBody || (from !== null && peek(from) !== null))) fail("Request with GET/HEAD method cannot have body.");
    let bytes = null;
    if (hasBody) {
      const body = extract(value);
      bytes = body.bytes;
      ofType(this.#headers, body.type);
    } else if (from !== null) bytes = take(from);
    hold(this, bytes);
  }

  get method() {
    return this.#method;
  }
  get url() {
    return this.#url;
  }
  get headers() {
    return this.#headers;
  }
  get destination() {
    this.#url;
    return "";
  }
  get referrer() {
    this.#url;
    return "about:client";
  }
  get referrerPolicy() {
    this.#url;
    return "";
  }
  get mode() {
    return this.#mode;
  }
  get credentials() {
    return this.#credentials;
  }
  get cache() {
    return this.#cache;
  }
  get redirect() {
    return this.#redirect;
  }
  get integrity() {
    this.#url;
    return "";
  }
  get keepalive() {
    this.#url;
    return false;
  }
  get duplex() {
    this.#url;
    return "half";
  }
  get signal() {
    if (this.#signal === null) {
      const { make, depend } = use("signals");
      this.#signal = this.#given === null ? make() : depend(this.#given);
    }
    return this.#signal;
  }

  clone() {
    const bytes = peek(this);
    const made = new Request(this.#url);
    made.#method = this.#method;
    made.#headers = copyOf(this.#headers);
    made.#redirect = this.#redirect;
    made.#cache = this.#cache;
    made.#credentials = this.#credentials;
    made.#mode = this.#mode;
    made.#given = this.#given ?? this.#signal;
    refill(made, bytes);
    return made;
  }

  static {
    // What the host gets of a request, and the signal that ends it.
    requestOf = (request) => ({
      __proto__: null,
      signal: request.#signal ?? request.#given ?? undefined,
      asked: {
        __proto__: null, url: request.#url, method: request.#method, headers: paired(headersOf(request.#headers)),
        body: take(request), redirect: request.#redirect, response: "bytes",
      },
    });
    headersFrom = (owner) => (#url in owner ? owner.#headers : headersOfResponse(owner));
  }
}

let answered, headersOfResponse;
const isEmpty = (status) => status === 101 || status === 103 || status === 204 || status === 205 || status === 304;
class Response {
  #type = "default";
  #url = "";
  #isRedirected = false;
  #status = 200;
  #statusText = "";
  #headers;

  constructor(body = null, options = undefined) {
    if (body === own) {
      this.#type = options.type;
      this.#url = options.url;
      this.#isRedirected = options.redirected;
      this.#status = options.status;
      this.#statusText = options.statusText;
      this.#headers = options.headers;
      hold(this, options.bytes);
      return;
    }
    const init = bag(options);
    if (init?.status !== undefined) {
      const status = +init.status;
      if (!(status >= 200 && status <= 599)) range("the status of a Response is from 200 to 599");
      this.#status = status - (status % 1);
    }
    if (init?.statusText !== undefined) this.#statusText = phrase(`${init.statusText}`) ?? fail("Invalid statusText");
    this.#headers = new Headers(init?.headers);
    if (body === null || body === undefined) return hold(this, null);
    hold(this, this.#typed(extract(body)));
  }

  // The bytes of a body, whose type the headers get.
  #typed({ bytes, type }) {
    if (isEmpty(this.#status)) fail(`a Response with the status ${this.#status} has no body`);
    ofType(this.#headers, type);
    return bytes;
  }

  static error() {
    return answered("error", "", false, 0, "", fixed(new Headers()), null);
  }

  static json(data, options = undefined) {
    if (arguments.length === 0) fail("json takes a value");
    const text = texted(data);
    if (text === undefined) fail("the value has no JSON");
    const made = new Response(null, options);
    refill(made, made.#typed({ __proto__: null, bytes: utf8(text, false), type: "application/json" }));
    return made;
  }

  static redirect(url, status = 302) {
    if (arguments.length === 0) fail("redirect takes a URL");
    const target = address(`${url}`) || fail(`Failed to parse URL from ${url}`);
    const code = +status;
    if (code !== 301 && code !== 302 && code !== 303 && code !== 307 && code !== 308) range(`${code} is no status of a redirect`);
    const headers = new Headers();
    headers.append("location", target);
    return answered("default", "", false, code, "", fixed(headers), null);
  }

  get type() {
    return this.#type;
  }
  get url() {
    return this.#url;
  }
  get redirected() {
    return this.#isRedirected;
  }
  get status() {
    return this.#status;
  }
  get ok() {
    return this.#status >= 200 && this.#status <= 299;
  }
  get statusText() {
    return this.#statusText;
  }
  get headers() {
    return this.#headers;
  }

  clone() {
    const bytes = peek(this);
    return answered(this.#type, this.#url, this.#isRedirected, this.#status, this.#statusText, copyOf(this.#headers), bytes);
  }

  static {
    answered = (type, url, redirected, status, statusText, headers, bytes) =>
      new Response(own, { __proto__: null, type, url, redirected, status, statusText, headers, bytes });
    headersOfResponse = (owner) => owner.#headers;
  }
}
lend(Body.prototype, Request.prototype);
lend(Body.prototype, Response.prototype);
alias(Headers.prototype, iterator, "entries");
tag(Headers.prototype, "Headers");
tag(Request.prototype, "Request");
tag(Response.prototype, "Response");

const { fetch } = {
  async fetch(input, init = undefined) {
    if (arguments.length === 0) fail("fetch takes a URL or a Request");
    const { asked, signal } = requestOf(new Request(input, init));
    const ask = host() ?? fail("the contract `Fetch` of this host has no method `request`");
    const { status, statusText, url, redirected, headers, body } = await ask(asked, signal);
    const bytes = body === undefined || body === null || isEmpty(status) ? null : body;
    return answered("basic", url, redirected, status, statusText, fixed(received(unpaired(headers))), bytes);
  },
};
return { __proto__: null, Headers, Request, Response, fetch, Pairs };
