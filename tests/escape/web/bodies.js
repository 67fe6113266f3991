// Bytes that objects share, secrets of keys, and texts that end where a header or a field of a form begins.
export const attack = () => {
  if (typeof Response === 'undefined') return 'held';
  const take = (buffer) => structuredClone(buffer, { transfer: [buffer] });
  for (const value of ['a\r\nx-own: 1', 'a\nb', 'a\0b', '\r\n a\r\n b']) {
    for (const put of [
      () => new Headers({ a: value }), () => new Headers([['a', value]]), () => new Headers().append('a', value), () => new Headers().set('a', value),
      () => new Headers({ [value]: 'a' }), () => new Response('', { statusText: value }), () => new Request('http://x', { method: value }),
    ]) {
      try {
        put();
        return `ESCAPED: ${JSON.stringify(value)} ${put}`;
      } catch (error) {
        if (!(error instanceof TypeError)) return `ESCAPED: ${error}`;
      }
    }
  }
  // A list that grows while it is read, and a body whose memory goes away.
  const headers = new Headers({ a: '1' });
  let turns = 0;
  headers.forEach((value, name) => { if (++turns < 100) headers.append(`${name}a`, value); });
  if (turns !== 100) return `ESCAPED: ${turns} turns`;
  const bytes = new Uint8Array(16).fill(7);
  new Response({ toString() { take(bytes.buffer); return 'x'; } });
  new Blob([{ toString() { return 'x'; } }, bytes, { toString() { return 'y'; } }]);
  const shrinks = new ArrayBuffer(16, { maxByteLength: 16 });
  new Blob([new Uint8Array(shrinks), { toString() { shrinks.resize(1); return ''; } }, new Uint8Array(shrinks)]);
  // The values of a class are those of its own instances, whatever inherits.
  for (const make of [() => class extends Response {}, () => class extends Blob {}, () => class extends Headers {}]) {
    const Class = make();
    const made = new Class();
    if (!(made instanceof Class)) return 'ESCAPED: a class that extends has instances of another';
    try {
      Object.create(made).headers;
      Object.create(made).size;
      if (!(made instanceof Headers)) return 'ESCAPED: an object that inherits has a body';
    } catch {}
  }
  for (const frozen of [Response.error().headers, Response.redirect('http://x').headers]) {
    try {
      frozen.append('a', 'b');
      return 'ESCAPED: headers that cannot be changed were changed';
    } catch {}
  }
  return 'held';
};
