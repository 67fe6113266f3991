// The guest keeps the host's arguments and changes them while the host still waits.
let kept;
export const receive = (order, names, data) => { kept = [order, names, data]; order.id = 999; names.length = 0; data.fill(255); data.buffer.transfer(); return 'changed'; };
export const attack = () => { Tool.deliver(); const first = kept; Tool.deliver(); return first[0] !== kept[0] && $all(kept, 'kept'); };
