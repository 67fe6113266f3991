// Streams of a guest for the host. The functions of a stream give batches of items, and end the stream. No guest sees a batch.
"use strict";
const iterator = lent[0], asyncIterator = lent[1], Promise = lent[2], apply = lent[3], unlink = lent[4], TypeError = lent[5];
const measure = lent[6], most = lent[7], room = lent[8];
const none = [];
// The number of microtasks after which an item that has not come is waited for.
const patience = 32;
// How long a batch takes at most, in milliseconds, while the next item has not been asked for.
const span = 1;

// A promise with a `constructor` of its own, which `await` reads.
class Awaited extends (function (object) { return object; }) {
  ["constructor"] = Promise;
  constructor(promise) { super(promise); }
}

function isObject(value) {
  return typeof value === "function" || (typeof value === "object" && value !== null);
}

// The iterator's answer to a request.
function checked(result) {
  if (!isObject(result)) throw new TypeError("`next` of the stream's iterator has returned no object");
  return result;
}

// A promise of a guest whose outcome nobody needs.
async function ignore(promise) {
  try {
    await promise;
  } catch {}
}

// `null` for an object that is not iterable.
return (object, isAsync) => {
  let open = isAsync ? object[asyncIterator] : void 0;
  const isSync = open === void 0 || open === null;
  if (isSync) open = object[iterator];
  if (typeof open !== "function") return null;
  const source = apply(open, object, none);
  if (!isObject(source)) throw new TypeError("the iterator of the stream is not an object");
  const next = source.next;
  if (typeof next !== "function") throw new TypeError("the iterator of the stream has no method `next`");

  // A batch: whether anything follows, and behind that the items. Its prototype is null, so no setter of a guest is called.
  let list, count, left, began;
  // The first item that the host has not taken, and the first that was not sent.
  let from = 1, sent = 1;
  let isOver = false, isFailed = false, failure, isAsked = false;
  const begin = () => {
    list = unlink([true], null);
    count = 0;
    left = room;
    from = sent = 1;
  };
  begin();
  const add = (value) => {
    list[++count] = value;
    if (typeof value === "string") left -= value.length;
    else if (isObject(value)) left -= measure(value);
  };
  // The time is looked at now and then.
  const hasRoom = (size) => count < size && count < most && left > 0
    && (((count & (count - 1)) !== 0 && (count & 7) !== 0) || measure() - began < span);
  const fail = (error) => {
    isOver = isFailed = true;
    failure = error;
  };
  const send = () => {
    list[0] = !isOver || isFailed;
    sent = count + 1;
    return list;
  };
  // Items of the last batch, which the host asks for again, or `null`.
  const again = (size, isTaken) => {
    if (isTaken) from = sent;
    else sent = from;
    if (from > count) return null;
    const part = unlink([true], null);
    for (let at = 1; at <= size && sent <= count; at++) part[at] = list[sent++];
    part[0] = sent <= count || !isOver || isFailed;
    return part;
  };
  // A request begins: the items that are asked for again, or `null` and a new batch.
  const asked = (size, isTaken) => {
    if (isAsked) {
      throw new TypeError("the stream is being read: code that makes its next value cannot take one of its values");
    }
    const part = again(size, isTaken);
    if (part === null) begin();
    return part;
  };

  const nextSync = (size, isTaken) => {
    const part = asked(size, isTaken);
    if (part !== null) return part;
    if (!isOver) {
      isAsked = true;
      began = measure();
      try {
        do {
          const result = checked(apply(next, source, none));
          if (result.done) isOver = true;
          else add(result.value);
        } while (!isOver && hasRoom(size));
      } catch (error) {
        fail(error);
      }
      isAsked = false;
    }
    if (isFailed && count === 0) throw failure;
    return send();
  };

  // Asks for an item. The promise is never rejected.
  const ask = async () => {
    isAsked = true;
    try {
      let result = apply(next, source, none);
      if (!isSync) result = await result;
      if (checked(result).done) isOver = true;
      else {
        let value = result.value;
        if (isSync && isObject(value)) value = await value;
        add(value);
      }
    } catch (error) {
      fail(error);
    }
    isAsked = false;
  };
  const nextAsync = async (size, isTaken, give) => {
    const part = asked(size, isTaken);
    if (part !== null) return part;
    if (!isOver) {
      const first = ask();
      while (isAsked) await new Awaited(first);
      began = measure();
    }
    while (!isOver && hasRoom(size)) {
      const item = ask();
      for (let tick = 0; isAsked && tick < patience; tick++) await void 0;
      if (!isAsked) continue;
      // The item has to be waited for. Those that are there go ahead.
      if (typeof give === "function") {
        try {
          give(list);
          begin();
        } catch {
          // The answer of this request has them, and says what is wrong.
        }
      }
      while (isAsked) await new Awaited(item);
      break;
    }
    if (isFailed && count === 0) throw failure;
    return send();
  };

  const end = () => {
    begin();
    if (isOver) return;
    isOver = true;
    const stop = source.return;
    if (stop === void 0 || stop === null) return;
    const stopped = apply(stop, source, none);
    if (isAsync) ignore(stopped);
  };
  return [isAsync ? nextAsync : nextSync, end];
};
