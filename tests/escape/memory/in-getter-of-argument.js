// The heap is filled while a host method reads.
// expect: heap
export const attack = () => Tool.order({ get id() { const all = []; for (;;) all.push({ all: [1] }); } });
