// In-place methods on an array of the host, with a comparator that changes it.
export const attack = () => { const list = Tool.make(); list.sort(() => { list.length = 0; list.push(Tool); return 1; }); list.copyWithin(0, 1); list.splice(0, 1, Tool.echo); return Tool.make().length === 3 ? 'held' : 'ESCAPED: the host kept the array'; };
