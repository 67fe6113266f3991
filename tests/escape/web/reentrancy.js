// Conversions of arguments that take the memory away which the function is about to use.
export const attack = () => {
  if (typeof TextEncoder === 'undefined') return 'held';
  const take = (buffer) => structuredClone(buffer, { transfer: [buffer] });
  const gone = new Uint8Array(16);
  const found = new TextEncoder().encodeInto({ toString() { take(gone.buffer); return 'written'; } }, gone);
  if (found.written !== 0) return 'ESCAPED: wrote to a detached buffer';
  const small = new ArrayBuffer(16, { maxByteLength: 16 });
  const view = new Uint8Array(small, 8);
  new TextEncoder().encodeInto({ toString() { small.resize(4); return 'written'; } }, view);
  const bytes = new Uint8Array(4);
  const text = new TextDecoder().decode(bytes, { get stream() { take(bytes.buffer); return false; } });
  if (text.length > 4) return 'ESCAPED: read a detached buffer';
  const list = [new Uint8Array(8), { get x() { take(list[2]); return 1; } }, new ArrayBuffer(8)];
  try { structuredClone(list); } catch {}
  const twice = new ArrayBuffer(8);
  try { structuredClone({ get x() { take(twice); return twice; } }, { transfer: [twice] }); } catch {}
  if (twice.byteLength !== 0) return 'ESCAPED: memory with two owners';
  if (typeof Buffer === 'undefined') return 'held';
  const short = () => new ArrayBuffer(16, { maxByteLength: 16 });
  for (const use of [
    (buffer, lose) => buffer.fill({ valueOf() { lose(); return 7; } }),
    (buffer, lose) => buffer.copy(Buffer.alloc(16), { valueOf() { lose(); return 0; } }),
    (buffer, lose) => Buffer.alloc(16).copy(buffer, { valueOf() { lose(); return 0; } }),
    (buffer, lose) => buffer.toString('latin1', { valueOf() { lose(); return 1; } }, 16),
    (buffer, lose) => buffer.slice({ valueOf() { lose(); return 1; } }, 16).toString('hex'),
    (buffer, lose) => buffer.indexOf(1, { valueOf() { lose(); return 1; } }),
    (buffer, lose) => buffer.writeUInt32LE({ valueOf() { lose(); return 1; } }, 8),
    (buffer, lose) => buffer.writeDoubleBE({ valueOf() { lose(); return 1; } }, 8),
    (buffer, lose) => Buffer.from(buffer.buffer, { valueOf() { lose(); return 0; } }, 16).toString('hex'),
    (buffer, lose) => Buffer.concat([buffer, { get length() { lose(); return 1; } }], 64),
    (buffer, lose) => Buffer.from({ length: 4, get 0() { lose(); return 1; } }),
  ]) {
    const detached = Buffer.from(new ArrayBuffer(16));
    const shrunk = short();
    for (const [buffer, lose] of [[detached, () => take(detached.buffer)], [Buffer.from(shrunk), () => shrunk.resize(4)]]) {
      try {
        const given = use(buffer, lose);
        if (typeof given === 'string' && /[^0\0]/.test(given)) return `ESCAPED: read memory that is gone: ${given}`;
      } catch {}
    }
  }
  crypto.subtle.digest({ get name() { return 'SHA-1'; } }, new DataView(new ArrayBuffer(0))).catch(() => {});
  return 'held';
};
