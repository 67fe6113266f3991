// Weak collections with keys of the host, registered symbols and functions of the contract.
export const attack = () => { const map = new WeakMap([[Tool, 1], [Tool.echo, 2]]); map.set(Tool.make(), 3); return `${map.get(Tool)} ${$thrown(() => map.set(Symbol.for('x'), 1))?.name}`; };
