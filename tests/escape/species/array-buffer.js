// A species of ArrayBuffer that answers with the same buffer, a detached one, or a smaller one.
export const attack = () => {
  const buffer = new ArrayBuffer(16), names = [];
  for (const answer of [() => buffer, () => { const gone = new ArrayBuffer(16); gone.transfer(); return gone; }, () => new ArrayBuffer(1), () => Tool.bytes(new Uint8Array(1)).buffer]) {
    buffer.constructor = { [Symbol.species]: answer };
    names.push($thrown(() => buffer.slice(0, 8))?.name);
  }
  return Tool.bytes(new Uint8Array(buffer)).length === 16 ? names.join() : 'ESCAPED: another length';
};
