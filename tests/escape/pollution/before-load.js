// The poison is there when the module of the next tenant's script would be bound: exports are looked up again.
Object.prototype.again = Object.prototype.receive = () => 'ESCAPED: an inherited function was bound';
export const attack = () => { try { return `${Tool.deliver()} ${Tool.again(1)}`; } finally { delete Object.prototype.again; delete Object.prototype.receive; } };
