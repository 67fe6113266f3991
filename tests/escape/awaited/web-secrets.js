// The secret of a key that is not extractable, and bytes that are copied when they are read.
export const attack = async () => {
  if (typeof CryptoKey === 'undefined') return 'held';
  const secret = Uint8Array.of(1, 2, 3, 4);
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('raw', secret, algorithm, false, ['verify']);
  key.usages.push('sign');
  key.algorithm.hash.name = 'SHA-1';
  for (const attempt of [
    () => crypto.subtle.exportKey('raw', key), () => crypto.subtle.exportKey('jwk', key), () => crypto.subtle.sign('HMAC', key, secret),
    () => crypto.subtle.exportKey('raw', Object.create(key)), () => crypto.subtle.exportKey('raw', new Proxy(key, { get: () => true })),
    () => crypto.subtle.importKey('raw', key, algorithm, true, ['sign']),
  ]) {
    const given = await (async () => attempt())().catch(() => 'refused');
    if (given !== 'refused') return `ESCAPED: ${attempt}`;
  }
  const blob = new Blob([secret]);
  for (const read of [() => blob.bytes(), () => blob.arrayBuffer(), () => blob.slice().bytes(), () => new Response(blob).bytes()]) {
    const bytes = new Uint8Array(await read());
    if (bytes.join() !== '1,2,3,4') return 'ESCAPED: a guest has changed the bytes of a Blob';
    bytes.fill(9);
  }
  const response = new Response(secret);
  secret.fill(9);
  if (new Uint8Array(await response.clone().arrayBuffer()).join() !== '1,2,3,4') return 'ESCAPED: a body is memory of the guest';
  return 'held';
};
