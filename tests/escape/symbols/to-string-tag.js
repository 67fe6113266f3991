// A tag that claims to be another class, on what is checked by class.
export const attack = () => {
  const claims = ['Uint8Array', 'ArrayBuffer', 'Date', 'Map', 'Error', 'Array'].map((tag) => ({ [Symbol.toStringTag]: tag, length: 2 ** 30, byteLength: 2 ** 30, size: 2 ** 30, 0: 1 }));
  const accepted = claims.filter((claim) => $thrown(() => Tool.bytes(claim)) === undefined || $thrown(() => Vault.sum(claim)) === undefined);
  return accepted.length > 0 ? `ESCAPED: ${accepted.map(String)}` : 'held';
};
