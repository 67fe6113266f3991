"use strict";
// `URL` and `URLSearchParams`. A program that runs after code of the guest: nothing is looked up on an intrinsic.
// The parts of a URL, as `part` and `assign` number them.
const ORIGIN = 0, PROTOCOL = 1, USERNAME = 2, PASSWORD = 3, HOST = 4, HOSTNAME = 5, PORT = 6, PATHNAME = 7, SEARCH = 8, HASH = 9;
let attach, refill, requery, listOf, queryOf;
const { pairs, put, find, findAll, remove, replace, each, both, first, second } = use("pairs");
const entriesOf = (params) => listOf(params);
const Pairs = pairs("URLSearchParams", entriesOf);

class URLSearchParams {
  // Names and values in turn. The list has no prototype, so no setter of a guest runs when it grows.
  #list;
  #url = null;

  constructor(init = "") {
    if ((typeof init !== "object" && typeof init !== "function") || init === null) {
      const text = `${init}`;
      this.#list = split(text);
      return;
    }
    const list = (this.#list = split(""));
    const iterate = init[iterator];
    if (iterate === undefined || iterate === null) {
      const names = keys(init);
      const count = names.length;
      for (let i = 0; i < count; i++) this.#add(names[i], init[names[i]]);
      return;
    }
    for (const pair of init) {
      if (typeof pair !== "object" && typeof pair !== "function") fail("each pair of a URLSearchParams is a list");
      let length = 0;
      for (const part of pair) {
        if (length < 2) list[list.length] = well(`${part}`);
        length++;
      }
      if (length !== 2) fail("each pair of a URLSearchParams has a name and a value");
    }
  }

  #add(name, value) {
    const text = well(`${name}`);
    put(this.#list, text, well(`${value}`));
  }

  #changed() {
    if (this.#url !== null) requery(this.#url, join(this.#list));
  }

  get size() {
    return this.#list.length / 2;
  }

  append(name, value) {
    if (arguments.length < 2) fail("append takes a name and a value");
    this.#add(name, value);
    this.#changed();
  }

  delete(name, value = undefined) {
    if (arguments.length < 1) fail("delete takes a name");
    const text = well(`${name}`);
    const other = value === undefined ? undefined : well(`${value}`);
    remove(this.#list, 0, (key, is) => key === text && (other === undefined || is === other));
    this.#changed();
  }

  get(name) {
    if (arguments.length < 1) fail("get takes a name");
    return find(this.#list, well(`${name}`));
  }

  getAll(name) {
    if (arguments.length < 1) fail("getAll takes a name");
    return findAll(this.#list, well(`${name}`));
  }

  has(name, value = undefined) {
    if (arguments.length < 1) fail("has takes a name");
    const text = well(`${name}`);
    const other = value === undefined ? undefined : well(`${value}`);
    const list = this.#list;
    for (let at = 0; at < list.length; at += 2) {
      if (list[at] === text && (other === undefined || list[at + 1] === other)) return true;
    }
    return false;
  }

  set(name, value) {
    if (arguments.length < 2) fail("set takes a name and a value");
    const text = well(`${name}`);
    const other = well(`${value}`);
    replace(this.#list, text, other);
    this.#changed();
  }

  sort() {
    this.#list = sorted(this.#list);
    this.#changed();
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

  toString() {
    return join(this.#list);
  }

  static {
    listOf = (params) => params.#list;
    queryOf = (value) => (#list in value ? join(value.#list) : undefined);
    attach = (url, query) => {
      const params = new URLSearchParams(query);
      params.#url = url;
      return params;
    };
    refill = (params, query) => (params.#list = split(query));
  }
}
alias(URLSearchParams.prototype, iterator, "entries");
tag(URLSearchParams.prototype, "URLSearchParams");

class URL {
  #href;
  // Made when it is first read.
  #params = null;

  constructor(url, base = undefined) {
    if (arguments.length === 0) fail("URL takes a text");
    this.#href = parse(`${url}`, base === undefined ? undefined : `${base}`);
    if (this.#href === undefined) fail("Invalid URL");
  }

  static canParse(url, base = undefined) {
    return parse(`${url}`, base === undefined ? undefined : `${base}`) !== undefined;
  }

  static parse(url, base = undefined) {
    const href = parse(`${url}`, base === undefined ? undefined : `${base}`);
    return href === undefined ? null : new URL(href);
  }

  #assign(which, value) {
    const href = this.#href;
    const text = `${value}`;
    this.#href = assign(href, which, text);
    if (which === SEARCH && this.#params !== null) refill(this.#params, part(this.#href, SEARCH));
  }

  get href() {
    return this.#href;
  }

  set href(value) {
    const href = parse(`${value}`, undefined);
    if (href === undefined) fail("Invalid URL");
    this.#href = href;
    if (this.#params !== null) refill(this.#params, part(href, SEARCH));
  }

  get origin() {
    return part(this.#href, ORIGIN);
  }

  get protocol() {
    return part(this.#href, PROTOCOL);
  }

  set protocol(value) {
    this.#assign(PROTOCOL, value);
  }

  get username() {
    return part(this.#href, USERNAME);
  }

  set username(value) {
    this.#assign(USERNAME, value);
  }

  get password() {
    return part(this.#href, PASSWORD);
  }

  set password(value) {
    this.#assign(PASSWORD, value);
  }

  get host() {
    return part(this.#href, HOST);
  }

  set host(value) {
    this.#assign(HOST, value);
  }

  get hostname() {
    return part(this.#href, HOSTNAME);
  }

  set hostname(value) {
    this.#assign(HOSTNAME, value);
  }

  get port() {
    return part(this.#href, PORT);
  }

  set port(value) {
    this.#assign(PORT, value);
  }

  get pathname() {
    return part(this.#href, PATHNAME);
  }

  set pathname(value) {
    this.#assign(PATHNAME, value);
  }

  get search() {
    return part(this.#href, SEARCH);
  }

  set search(value) {
    this.#assign(SEARCH, value);
  }

  get hash() {
    return part(this.#href, HASH);
  }

  set hash(value) {
    this.#assign(HASH, value);
  }

  get searchParams() {
    this.#params ??= attach(this, part(this.#href, SEARCH));
    return this.#params;
  }

  toString() {
    return this.#href;
  }

  toJSON() {
    return this.#href;
  }

  static {
    requery = (url, query) => (url.#href = assign(url.#href, SEARCH, query));
  }
}
tag(URL.prototype, "URL");
return { __proto__: null, URL, URLSearchParams, Pairs, queryOf };
