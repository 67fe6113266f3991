"use strict";
// `DOMException`. A program that runs after code of the guest: nothing is looked up on an intrinsic.
const codes = {
  __proto__: null,
  IndexSizeError: 1,
  HierarchyRequestError: 3,
  WrongDocumentError: 4,
  InvalidCharacterError: 5,
  NoModificationAllowedError: 7,
  NotFoundError: 8,
  NotSupportedError: 9,
  InUseAttributeError: 10,
  InvalidStateError: 11,
  SyntaxError: 12,
  InvalidModificationError: 13,
  NamespaceError: 14,
  InvalidAccessError: 15,
  TypeMismatchError: 17,
  SecurityError: 18,
  NetworkError: 19,
  AbortError: 20,
  URLMismatchError: 21,
  QuotaExceededError: 22,
  TimeoutError: 23,
  InvalidNodeTypeError: 24,
  DataCloneError: 25,
};

class DOMException {
  // An error of the engine with another prototype, so it has a stack.
  constructor(message = "", options = "Error") {
    const isBag = typeof options === "object" && options !== null;
    const name = isBag ? options.name : options;
    const error = make(`${message}`, name === undefined ? "Error" : `${name}`, new.target.prototype);
    if (isBag && "cause" in options) hide(error, "cause", options.cause);
    return error;
  }

  get code() {
    return codes[`${this.name}`] ?? 0;
  }
}
inherit(DOMException.prototype);
tag(DOMException.prototype, "DOMException");
const raise = (message, name) => {
  throw new DOMException(message, name);
};
return { __proto__: null, DOMException, raise };
