// Text that nests fifty thousand lists, and its reviver.
// expect: ok, guest, stack
export const attack = () => { const deep = JSON.parse('['.repeat(50000) + ']'.repeat(50000)); return [() => Tool.any(deep), () => JSON.stringify(deep)].map((run) => $thrown(run)?.name ?? 'it crossed').join(); };
