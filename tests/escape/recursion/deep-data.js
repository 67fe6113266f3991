// Data deeper than the stack: lists in lists, and objects in objects.
export const attack = () => { let list = [], object = {}; for (let i = 0; i < 50000; i++) { list = [list]; object = { o: object }; } return [() => Tool.any(list), () => Tool.any(object), () => JSON.stringify(list), () => list.flat(Infinity)].map((run) => $thrown(run)?.name ?? 'done').join(); };
