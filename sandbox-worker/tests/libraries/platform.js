// Stands for a platform: as little as the programs need of each part in `needs`, which stands before this text.
const bytes = (text) => Uint8Array.from(unescape(encodeURIComponent(text)), (c) => c.charCodeAt(0));
const text = (view) => decodeURIComponent(escape(String.fromCharCode(...new Uint8Array(view.buffer ?? view, view.byteOffset, view.byteLength))));
const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

class Encoder {
  encode(text = '') { return bytes(text); }
  encodeInto(text, target) {
    const encoded = bytes(text);
    target.set(encoded);
    return { read: text.length, written: encoded.length };
  }
}

class Decoder {
  decode(view = new Uint8Array()) { return text(view); }
}

class Address {
  constructor(address) { this.href = address; }
  toString() { return this.href; }
}

class Channel {
  port1 = {};
  port2 = { postMessage: (data) => later(() => this.port1.onmessage?.({ data })) };
}

let last = 0;
const cancelled = new Set();
const later = (callback, ...values) => {
  const id = ++last;
  Promise.resolve().then(() => cancelled.has(id) || callback(...values));
  return id;
};
const timer = (callback, _, ...values) => later(callback, ...values);
const clear = (id) => { cancelled.add(id); };

const btoa = (binary) => {
  let coded = '';
  for (let at = 0; at < binary.length; at += 3) {
    const three = [0, 1, 2].map((n) => binary.charCodeAt(at + n) || 0);
    const bits = (three[0] << 16) | (three[1] << 8) | three[2];
    const digits = [18, 12, 6, 0].map((shift) => DIGITS[(bits >> shift) & 63]).join('');
    const missing = Math.max(0, at + 3 - binary.length);
    coded += digits.slice(0, 4 - missing) + '='.repeat(missing);
  }
  return coded;
};
const atob = (coded) => {
  let bits = '';
  for (const digit of coded.replace(/=+$/, '')) bits += DIGITS.indexOf(digit).toString(2).padStart(6, '0');
  return String.fromCharCode(...(bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)));
};

const crypto = {
  getRandomValues: (view) => view.map ? view.set(view.map(() => Math.random() * 256)) ?? view : view,
  randomUUID: () => '10000000-1000-4000-8000-100000000000'.replace(/[018]/g, (d) => (d ^ (Math.random() * 16 >> (d / 4))).toString(16)),
};

const parts = {
  self: { self: globalThis },
  encoding: { TextEncoder: Encoder, TextDecoder: Decoder },
  base64: { atob, btoa },
  url: { URL: Address },
  fetch: Object.fromEntries(['Blob', 'File', 'FormData', 'Headers', 'Request', 'Response'].map((name) => [name, class {}])),
  timers: { setTimeout: timer, setInterval: timer, setImmediate: later, clearTimeout: clear, clearInterval: clear, clearImmediate: clear },
  crypto: { crypto },
  MessageChannel: { MessageChannel: Channel },
};
for (const need of needs) Object.assign(globalThis, parts[need]);
