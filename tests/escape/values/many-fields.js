// An object with a hundred thousand fields where a struct has four.
// expect: ok, heap
export const attack = () => { const many = {}; for (let i = 0; i < 50000; i++) many[`k${i}`] = i; return [() => Tool.order(many), () => Tool.any(many)].map((run) => $thrown(run)?.name ?? 'done').join(); };
