// The functions that compile in the background answer with promises.
let gained = 'held';
export const attack = () => { try { WebAssembly.instantiate(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])).then(() => { gained = 'ESCAPED: native code'; }, () => {}); gained = 'ESCAPED: it was started'; } catch {} return gained; };
