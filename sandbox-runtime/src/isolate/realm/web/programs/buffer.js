"use strict";
// `Buffer` of node. A program that runs after code of the guest: nothing is looked up on an intrinsic. A Buffer is a Uint8Array with the
// prototype below. Its elements are read and written as elements, which no guest can change.
const UTF8 = 0, UTF16 = 1;
const MOST = 2 ** 53 - 1;
const BYTES = 1, MEMORY = 3, ARRAY = 4;
const toPrimitive = primitive();
// Views of the same eight bytes.
const cast = scratch();
const bytesOf = cast[0], floats = cast[1], doubles = cast[2], bigs = cast[3], unsigned = cast[4];

const fault = (make, code, text) => {
  try {
    make(text);
  } catch (error) {
    hide(error, "code", code);
    throw error;
  }
};
const wrongType = (what) => fault(fail, "ERR_INVALID_ARG_TYPE", what);
const wrongValue = (what) => fault(fail, "ERR_INVALID_ARG_VALUE", what);
const outside = (what) => fault(range, "ERR_OUT_OF_RANGE", what);
const known = (label) => encoding(`${label}`) ?? fault(fail, "ERR_UNKNOWN_ENCODING", `Unknown encoding: ${label}`);
const orUtf8 = (label) => (typeof label === "string" && label !== "" ? known(label) : UTF8);
const whole = (value) => {
  const number = +value;
  return number - (number % 1) || 0;
};

const { prototype } = Buffer;
const born = (bytes) => inherit(bytes, prototype);
const size = (length) => {
  if (typeof length !== "number") wrongType("the size of a Buffer is a number");
  if (!(length >= 0 && length <= MOST)) outside("the size of a Buffer is from 0 on");
  return length;
};
const made = (length) => born(zeros(size(length)));

// Bytes of a text, a list or memory.
const fromText = (text, label) => born(encode(text, orUtf8(label)));
const fromList = (list) => {
  const length = list.length;
  if (!(length > 0)) return made(0);
  const into = made(length);
  for (let at = 0; at < length; at++) into[at] = list[at];
  return into;
};
const fromBytes = (value) => {
  const from = span(value), into = made(from[1]);
  for (let at = 0, bytes = from[0], end = from[1]; at < end; at++) into[at] = bytes[at];
  return into;
};
const fromMemory = (memory, offset, length) => {
  let start = offset === undefined ? 0 : +offset;
  if (start !== start) start = 0;
  const most = span(memory)[1] - start;
  if (most < 0 || start < 0) fault(range, "ERR_BUFFER_OUT_OF_BOUNDS", "the offset is outside of the buffer");
  let count = length === undefined ? most : +length;
  if (!(count > 0)) count = 0;
  if (count > most) fault(range, "ERR_BUFFER_OUT_OF_BOUNDS", "the length is outside of the buffer");
  return born(within(memory, whole(start), whole(count)));
};
const from = (value, label, length) => {
  if (typeof value === "string") return fromText(value, label);
  if (typeof value === "object" && value !== null) {
    if (kind(value) === MEMORY) return fromMemory(value, label, length);
    if (kind(value) === BYTES) return fromBytes(value);
    const inner = typeof value.valueOf === "function" ? value.valueOf() : undefined;
    if (inner !== undefined && inner !== null && inner !== value && (typeof inner === "string" || typeof inner === "object")) {
      return from(inner, label, length);
    }
    const count = value.length;
    if (count !== undefined || kind(value.buffer) === MEMORY) return typeof count === "number" ? fromList(value) : made(0);
    if (value.type === "Buffer" && kind(value.data) === ARRAY) return fromList(value.data);
    const primitive = value[toPrimitive];
    if (typeof primitive === "function") {
      const text = call(primitive, value, "string");
      if (typeof text === "string") return fromText(text, label);
    }
  }
  return wrongType("a Buffer is made from a text, bytes, a list or an ArrayBuffer");
};

function Buffer(value, label, length) {
  if (typeof value !== "number") return from(value, label, length);
  return typeof label === "string" ? wrongType("the text of a Buffer is a string") : made(value);
}

const bytesIn = (value, what) => (kind(value) === BYTES ? span(value) : wrongType(`${what} is a Buffer or a Uint8Array`));
const order = (one, oneFrom, oneEnd, other, from, end) => {
  for (; oneFrom < oneEnd && from < end; oneFrom++, from++) {
    if (one[oneFrom] !== other[from]) return one[oneFrom] < other[from] ? -1 : 1;
  }
  const left = oneEnd - oneFrom - (end - from);
  return left < 0 ? -1 : left > 0 ? 1 : 0;
};

const statics = {
  __proto__: null,
  from(value, label, length) {
    return from(value, label, length);
  },
  alloc(length, value, label) {
    const into = made(length);
    return value === undefined || value === 0 ? into : fill(into, value, undefined, undefined, label);
  },
  allocUnsafe(length) {
    return made(length);
  },
  allocUnsafeSlow(length) {
    return made(length);
  },
  byteLength(value, label) {
    if (typeof value === "string") return counted(value, encoding(`${label}`) ?? UTF8);
    return kind(value) !== 0 && kind(value) !== ARRAY ? span(value)[1] : wrongType("byteLength takes a text or bytes");
  },
  compare(one, other) {
    const a = bytesIn(one, "the first argument"), b = bytesIn(other, "the second argument");
    return order(a[0], 0, a[1], b[0], 0, b[1]);
  },
  concat(list, length) {
    if (kind(list) !== ARRAY) wrongType("concat takes a list of Buffers");
    const count = list.length;
    let total = length;
    if (total === undefined) {
      total = 0;
      for (let i = 0; i < count; i++) total += bytesIn(list[i], "each part")[1];
    } else {
      offsetIn(total, MOST);
    }
    const into = made(total);
    let at = 0;
    for (let i = 0; i < count; i++) {
      const next = bytesIn(list[i], "each part");
      for (let from = 0; from < next[1] && at < total; from++, at++) into[at] = next[0][from];
    }
    return into;
  },
  isBuffer(value) {
    return value instanceof Buffer;
  },
  isEncoding(label) {
    return typeof label === "string" && label !== "" && encoding(label) !== undefined;
  },
};

// An offset that is a whole number from 0 to `most`.
const offsetIn = (offset, most, what = "the offset") => {
  if (typeof offset !== "number") wrongType(`${what} is a number`);
  if (offset % 1 !== 0 || !(offset >= 0 && offset <= most)) outside(`${what} is a whole number from 0 to ${most}`);
  return offset;
};
// The place of `count` bytes at an offset.
const placed = (self, offset, count) => {
  if (typeof offset !== "number") wrongType("the offset is a number");
  if (self[offset] === undefined || self[offset + count - 1] === undefined) {
    if (offset % 1 !== 0 || self[count - 1] !== undefined) outside("the offset is outside of the buffer");
    fault(range, "ERR_BUFFER_OUT_OF_BOUNDS", "the buffer has fewer bytes than the number");
  }
  return offset;
};
const widthOf = (count) => {
  if (typeof count !== "number") wrongType("the number of bytes is a number");
  if (count % 1 !== 0 || !(count >= 1 && count <= 6)) outside("the number of bytes is from 1 to 6");
  return count;
};
// A number of up to six bytes.
const read = (self, offset, count, isBig, isSigned) => {
  placed(self, offset, count);
  let value = 0;
  for (let i = 0; i < count; i++) value = value * 256 + self[isBig ? offset + i : offset + count - 1 - i];
  return isSigned && value >= 2 ** (8 * count - 1) ? value - 2 ** (8 * count) : value;
};
const write = (self, given, offset, count, isBig, isSigned) => {
  let value = +given;
  const most = 2 ** (isSigned ? 8 * count - 1 : 8 * count) - 1, least = isSigned ? -(2 ** (8 * count - 1)) : 0;
  if (typeof offset !== "number") wrongType("the offset is a number");
  if (value > most || value < least) outside(`the value is from ${least} to ${most}`);
  placed(self, offset, count);
  value = whole(value);
  if (value < 0) value += 2 ** (8 * count);
  for (let i = 0; i < count; i++, value = (value - (value % 256)) / 256) self[isBig ? offset + count - 1 - i : offset + i] = value % 256;
  return offset + count;
};
// Numbers that are read and written as elements of the views of eight bytes.
const castIn = (self, offset, count, isBig) => {
  placed(self, offset, count);
  for (let i = 0; i < count; i++) bytesOf[isBig ? count - 1 - i : i] = self[offset + i];
};
const castOut = (self, offset, count, isBig) => {
  placed(self, offset, count);
  for (let i = 0; i < count; i++) self[offset + i] = bytesOf[isBig ? count - 1 - i : i];
  return offset + count;
};
const bigIn = (value, least, most) => {
  if (typeof value !== "bigint") wrongType("the value is a BigInt");
  if (value < least || value > most) outside(`the value is from ${least} to ${most}`);
  return value;
};

const search = (self, value, offset, label, isForward) => {
  const all = span(self), bytes = all[0], length = all[1];
  if (typeof offset === "string") {
    label = offset;
    offset = undefined;
  }
  offset = +offset;
  if (offset !== offset) offset = isForward ? 0 : length;
  offset = whole(offset);
  const form = typeof value === "string" ? orUtf8(label) : UTF8;
  let wanted, count;
  if (typeof value === "number") (wanted = zeros(1)), (wanted[0] = value), (count = 1);
  else {
    const needle = span(typeof value === "string" ? encode(value, form) : kind(value) === BYTES ? value : wrongType("the value is a number, a text or bytes"));
    wanted = needle[0];
    count = needle[1];
  }
  let at;
  if (offset < 0) at = offset + length >= 0 ? offset + length : isForward || count === 0 ? 0 : -1;
  else at = offset + count <= length ? offset : count === 0 ? length : isForward ? -1 : length - 1;
  if (count === 0) return at;
  if (at < 0 || count > length || (isForward && at + count > length)) return -1;
  const step = form === UTF16 ? 2 : 1;
  if (step === 2 && at % 2 === 1) at -= 1;
  if (!isForward && at + count > length) at = length - count - ((length - count) % step);
  for (; at >= 0 && at + count <= length; at += isForward ? step : -step) {
    let same = 0;
    while (same < count && bytes[at + same] === wanted[same]) same++;
    if (same === count) return at;
  }
  return -1;
};

const fill = (self, value, offset, end, label) => {
  const length = span(self)[1];
  if (typeof value === "string") {
    if (offset === undefined || typeof offset === "string") {
      label = offset ?? label;
      offset = undefined;
    } else if (typeof end === "string") {
      label = end;
      end = undefined;
    }
  }
  const form = label === undefined || label === null ? UTF8 : typeof label === "string" ? orUtf8(label) : wrongType("the encoding is a text");
  const from = offset === undefined ? 0 : offsetFrom(offset);
  const to = offset === undefined || end === undefined ? length : offsetIn(end, length, "the end");
  if (from >= to) return self;
  const isText = typeof value === "string" && value !== "";
  const pattern = isText ? span(encode(value, form)) : kind(value) === BYTES ? span(value) : undefined;
  if (pattern === undefined) {
    for (let at = from, byte = +value; at < to; at++) self[at] = byte;
    return self;
  }
  if (pattern[1] === 0) wrongValue("the bytes that fill a Buffer are some");
  for (let at = from, next = 0; at < to; at++, next = next + 1 === pattern[1] ? 0 : next + 1) self[at] = pattern[0][next];
  return self;
};
const offsetFrom = (offset) => {
  if (typeof offset !== "number") wrongType("the offset is a number");
  if (!(offset >= 0)) outside("the offset is from 0 on");
  return offset;
};

const swap = (self, width) => {
  const length = span(self)[1];
  if (length % width !== 0) fault(range, "ERR_INVALID_BUFFER_SIZE", `the size of the buffer is no multiple of ${width}`);
  for (let at = 0; at < length; at += width) {
    for (let i = 0; i < width / 2; i++) {
      const byte = self[at + i];
      self[at + i] = self[at + width - 1 - i];
      self[at + width - 1 - i] = byte;
    }
  }
  return self;
};

const sliced = (self, start, end) => {
  const length = span(self)[1];
  const clamp = (value) => {
    const at = whole(value);
    return at < 0 ? (at + length < 0 ? 0 : at + length) : at > length ? length : at;
  };
  const from = clamp(start), to = end === undefined ? length : clamp(end);
  return born(within(self, from, to > from ? to - from : 0));
};

const methods = {
  __proto__: null,
  toString(label, start, end) {
    const length = span(this)[1];
    const from = start <= 0 ? 0 : start >= length ? length : whole(start);
    const to = end === undefined || end > length ? length : whole(end);
    if (to <= from) return "";
    return decode(this, label === undefined ? UTF8 : known(label), from, to);
  },
  toLocaleString(label, start, end) {
    return call(methods.toString, this, label, start, end);
  },
  toJSON() {
    return { type: "Buffer", data: numbers(this) };
  },
  equals(other) {
    const a = span(this), b = bytesIn(other, "the argument");
    return a[1] === b[1] && order(a[0], 0, a[1], b[0], 0, b[1]) === 0;
  },
  compare(target, targetStart = 0, targetEnd = undefined, start = 0, end = undefined) {
    const a = span(this), b = bytesIn(target, "the target");
    const from = offsetIn(targetStart, MOST), to = targetEnd === undefined ? b[1] : offsetIn(targetEnd, b[1]);
    const ownFrom = offsetIn(start, MOST), ownTo = end === undefined ? a[1] : offsetIn(end, a[1]);
    if (ownFrom >= ownTo) return from >= to ? 0 : -1;
    if (from >= to) return 1;
    return order(a[0], ownFrom, ownTo, b[0], from, to);
  },
  copy(target, targetStart = 0, start = 0, end = undefined) {
    const source = span(this), into = bytesIn(target, "the target");
    const at = whole(targetStart), from = whole(start);
    let to = end === undefined ? source[1] : whole(end);
    if (at < 0) outside("the start in the target is from 0 on");
    if (from < 0 || from > source[1]) outside(`the start is from 0 to ${source[1]}`);
    if (to < 0) outside("the end is from 0 on");
    if (at >= into[1] || from >= to) return 0;
    if (to > source[1]) to = source[1];
    const count = to - from < into[1] - at ? to - from : into[1] - at;
    // The memory of both may be one.
    if (from < at) for (let i = count - 1; i >= 0; i--) into[0][at + i] = source[0][from + i];
    else for (let i = 0; i < count; i++) into[0][at + i] = source[0][from + i];
    return count;
  },
  fill(value, offset, end, label) {
    return fill(this, value, offset, end, label);
  },
  write(text, offset, length, label) {
    const into = span(this), all = into[1];
    let at = 0, room = all;
    if (offset === undefined) label = undefined;
    else if (length === undefined && typeof offset === "string") label = offset;
    else {
      at = offsetIn(offset, all);
      room = all - at;
      if (typeof length === "string") label = length;
      else if (length !== undefined && offsetIn(length, all, "the length") < room) room = length;
    }
    const form = label === undefined || label === null || label === "" ? UTF8 : known(label);
    if (typeof text !== "string") wrongType("write takes a text");
    const bytes = span(encode(text, form, room));
    for (let i = 0; i < bytes[1]; i++) into[0][at + i] = bytes[0][i];
    return bytes[1];
  },
  slice(start, end) {
    return sliced(this, start, end);
  },
  subarray(start, end) {
    return sliced(this, start, end);
  },
  indexOf(value, offset, label) {
    return search(this, value, offset, label, true);
  },
  lastIndexOf(value, offset, label) {
    return search(this, value, offset, label, false);
  },
  includes(value, offset, label) {
    return search(this, value, offset, label, true) !== -1;
  },
  swap16() {
    return swap(this, 2);
  },
  swap32() {
    return swap(this, 4);
  },
  swap64() {
    return swap(this, 8);
  },
};

const both = (one, other, value) => {
  hide(prototype, one, value);
  if (other !== one) hide(prototype, other, value);
};
// The methods of numbers, for each size, sign and order of bytes. Each has a second name with `Uint` for `UInt`.
for (let isSigned = 0; isSigned < 2; isSigned++) {
  const sign = isSigned === 1, names = sign ? ["Int", "Int"] : ["UInt", "Uint"];
  for (let big = 0; big < 2; big++) {
    const isBig = big === 1, end = isBig ? "BE" : "LE";
    for (let count = 1; count <= 4; count *= 2) {
      if (count === 1 && isBig) continue;
      const suffix = count === 1 ? "8" : `${count * 8}${end}`;
      const { reads, writes } = {
        reads(offset = 0) {
          return read(this, offset, count, isBig, sign);
        },
        writes(value, offset = 0) {
          return write(this, value, offset, count, isBig, sign);
        },
      };
      both(`read${names[0]}${suffix}`, `read${names[1]}${suffix}`, reads);
      both(`write${names[0]}${suffix}`, `write${names[1]}${suffix}`, writes);
    }
    const { reads, writes, readsBig, writesBig } = {
      reads(offset, count) {
        if (offset === undefined) wrongType("the offset is a number");
        return read(this, offset, widthOf(count), isBig, sign);
      },
      writes(value, offset, count) {
        return write(this, value, offset, widthOf(count), isBig, sign);
      },
      readsBig(offset = 0) {
        castIn(this, offset, 8, isBig);
        return sign ? bigs[0] : unsigned[0];
      },
      writesBig(value, offset = 0) {
        if (sign) bigs[0] = bigIn(value, -(2n ** 63n), 2n ** 63n - 1n);
        else unsigned[0] = bigIn(value, 0n, 2n ** 64n - 1n);
        return castOut(this, offset, 8, isBig);
      },
    };
    both(`read${names[0]}${end}`, `read${names[1]}${end}`, reads);
    both(`write${names[0]}${end}`, `write${names[1]}${end}`, writes);
    both(`readBig${names[0]}64${end}`, `readBig${names[1]}64${end}`, readsBig);
    both(`writeBig${names[0]}64${end}`, `writeBig${names[1]}64${end}`, writesBig);
  }
}
for (let big = 0; big < 2; big++) {
  const isBig = big === 1, end = isBig ? "BE" : "LE";
  for (let count = 4; count <= 8; count += 4) {
    const numbers = count === 4 ? floats : doubles, word = count === 4 ? "Float" : "Double";
    const { reads, writes } = {
      reads(offset = 0) {
        castIn(this, offset, count, isBig);
        return numbers[0];
      },
      writes(value, offset = 0) {
        const number = +value;
        // One of the many patterns of bits that are no number.
        numbers[0] = number === number ? number : 0 / 0;
        return castOut(this, offset, count, isBig);
      },
    };
    hide(prototype, `read${word}${end}`, reads);
    hide(prototype, `write${word}${end}`, writes);
  }
}
for (const key in methods) hide(prototype, key, methods[key]);
for (const key in statics) hide(Buffer, key, statics[key]);
hide(Buffer, "poolSize", 8192);
extend(Buffer);
return { __proto__: null, Buffer };
