//# binary: typed arrays of every kind
return [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array].map((T) => [T.name, T.BYTES_PER_ELEMENT, new T([1.7, -1, 300, NaN])]);
//# binary: Float16Array and BigInt arrays
return [new Float16Array([1.1, 65504, 1e6]), Math.f16round(1.1), new BigInt64Array([2n ** 63n]), new BigUint64Array([-1n])];
//# binary: a number into a BigInt array!
new BigInt64Array([1]);
//# binary: views share memory
const b = new ArrayBuffer(4); const u = new Uint8Array(b), v = new Uint16Array(b, 2, 1); u[2] = 1; u[3] = 2; return [v[0], v.byteOffset, u.subarray(1, 3), u.slice(2), b];
//# binary: a view off its alignment!
new Uint32Array(new ArrayBuffer(8), 1);
//# binary: methods
const u = new Uint8Array([3, 1, 2]); return [u.toSorted(), u.with(0, 9), u.toReversed(), u.map((x) => x * 100), u.filter((x) => x > 1), u.find((x) => x > 1), u.join("-"), u.indexOf(2), u.at(-1), u.includes(3), [...u.entries()], u.sort(), u.fill(7, 1), u.reverse()];
//# binary: set and copyWithin
const u = new Uint8Array(5); u.set([1, 2], 1); u.set(new Float32Array([9.9]), 4); u.copyWithin(0, 1, 3); return u;
//# binary: set out of range!
new Uint8Array(1).set([1, 2]);
//# binary: indexes that are none
const u = new Uint8Array(2); u[5] = 1; u["-0"] = 1; u[1.5] = 1; u.x = 1; return [Object.keys(u), u["-0"], 5 in u, "1" in u, delete u.x];
//# binary: a defined element
const u = new Uint8Array(2); return [Object.getOwnPropertyDescriptor(u, 0), Reflect.defineProperty(u, 0, { value: 5 }), Reflect.defineProperty(u, 0, { value: 5, writable: false }), u];
//# binary: freezing one with elements!
Object.freeze(new Uint8Array(1));
//# binary: from, of and iterables
return [Uint8Array.from({ length: 3 }, (_, i) => i * 2), Uint8Array.of(1, 2), new Uint8Array(new Set([5])), Uint8Array.from("123")];
//# binary: TypedArray is abstract!
new (Object.getPrototypeOf(Uint8Array))();
//# binary: DataView
const d = new DataView(new ArrayBuffer(16), 2); d.setInt16(0, -2); d.setFloat32(2, 1.5, true); d.setBigUint64(6, 2n ** 63n); return [d.getUint8(0), d.getUint16(0, true), d.getFloat32(2, true), d.getBigInt64(6), d.byteLength, d.byteOffset, d.getFloat16?.(0)];
//# binary: DataView out of range!
new DataView(new ArrayBuffer(1)).getInt16(0);
//# binary: endianness
return [new Uint8Array(new Uint16Array([1]).buffer)[0], new Uint8Array(new Float64Array([-0]).buffer)];
//# binary: resize
const b = new ArrayBuffer(4, { maxByteLength: 8 }); const u = new Uint8Array(b), f = new Uint8Array(b, 0, 4); b.resize(8); const grown = [u.length, f.length]; b.resize(2); return [grown, u.length, f.length, f.byteOffset, b.resizable, b.maxByteLength, b.byteLength];
//# binary: resize beyond!
new ArrayBuffer(1, { maxByteLength: 2 }).resize(3);
//# binary: transfer
const b = new ArrayBuffer(4); const u = new Uint8Array(b); u[0] = 7; const c = b.transfer(8); return [b.detached, u.length, u[0], c.byteLength, new Uint8Array(c)[0], c.transferToFixedLength().resizable];
//# binary: a detached buffer!
const b = new ArrayBuffer(4); b.transfer(); b.slice(0);
//# binary: a DataView of a detached buffer!
const b = new ArrayBuffer(4), d = new DataView(b); b.transfer(); d.getInt8(0);
//# binary: slice and isView
return [new ArrayBuffer(8).slice(2, -1).byteLength, ArrayBuffer.isView(new DataView(new ArrayBuffer(1))), ArrayBuffer.isView([]), String(new ArrayBuffer(1))];
//# binary: too large a buffer!
new ArrayBuffer(2 ** 53);
//# binary: base64 and hex
return typeof Uint8Array.fromBase64 === "function" ? [Uint8Array.fromBase64("AQID").toHex(), new Uint8Array([255, 254]).toBase64(), Uint8Array.fromHex("ff00")] : "none";
//# binary: species of typed arrays
class U extends Uint8Array { static get [Symbol.species]() { return Uint16Array; } } return [new U(2).map(() => 300), new U(2).slice(1)];
//# binary: prototype accessors
const p = Object.getPrototypeOf(Uint8Array.prototype); return [Reflect.ownKeys(p).filter((k) => Object.getOwnPropertyDescriptor(p, k).get).map(String), p[Symbol.toStringTag], Object.prototype.toString.call(new Uint8Array())];
//# binary: UTF-8 by hand
const enc = (s) => Uint8Array.from(unescape(encodeURIComponent(s)), (c) => c.charCodeAt(0)); return [enc("é😀"), decodeURIComponent(escape(String.fromCharCode(...enc("é"))))];
//# binary: a checksum
const crc = (bytes) => { let c = ~0; for (const b of bytes) { c ^= b; for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1; } return ~c >>> 0; }; return crc([..."123456789"].map((c) => c.charCodeAt(0))).toString(16);
//# atomics: without sharing
const a = new Int32Array(4); return [Atomics.add(a, 0, 5), Atomics.sub(a, 0, 2), Atomics.or(a, 1, 6), Atomics.and(a, 1, 3), Atomics.xor(a, 1, 1), Atomics.exchange(a, 2, 9), Atomics.compareExchange(a, 2, 9, 1), Atomics.load(a, 2), Atomics.store(a, 3, 7), Atomics.isLockFree(4), Atomics.notify(a, 0), a];
//# atomics: of BigInts
const a = new BigInt64Array(1); Atomics.add(a, 0, 5n); return a;
//# atomics: of floats!
Atomics.add(new Float64Array(1), 0, 1);
//# atomics: wait without sharing!
Atomics.wait(new Int32Array(1), 0, 0, 0);
//# atomics: wait on shared memory
return Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0);
//# atomics: SharedArrayBuffer
const s = new SharedArrayBuffer(8, { maxByteLength: 16 }); s.grow(16); return [s.byteLength, s.growable, String(s)];
//# atomics: waitAsync is there
return typeof Atomics.waitAsync;
//# atomics: pause
return typeof Atomics.pause === "function" ? Atomics.pause() : "none";
//# atomics: their names
return Reflect.ownKeys(Atomics).map(String).sort();
