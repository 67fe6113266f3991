// Bytes of the host are given to the guest; writing to them later must not reach the host's next answer.
const source = new Uint8Array([1, 2, 3]);
export const attack = () => { const first = Tool.bytes(source); first.fill(9); source.fill(8); const second = Tool.bytes(new Uint8Array([1, 2, 3])); first.fill(7); return first.buffer !== second.buffer && second[0] === 1 && source[0] === 8 ? 'held' : 'ESCAPED: memory is shared with the host'; };
