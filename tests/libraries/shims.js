// What libraries for browsers take from a browser when they are loaded, as little as they need.
const bytes = (text) => Uint8Array.from(unescape(encodeURIComponent(text)), (c) => c.charCodeAt(0));
globalThis.TextEncoder ??= class { encode(text) { return bytes(text); } };
globalThis.TextDecoder ??= class { decode(view) { return decodeURIComponent(escape(String.fromCharCode(...view))); } };
globalThis.URL ??= class { constructor(text) { this.href = text; } };
globalThis.console ??= { log() {}, warn() {}, error() {} };
globalThis.process ??= { env: {} };
globalThis.setTimeout ??= () => 0;
globalThis.clearTimeout ??= () => {};
