// Only what the host makes is kept.
// expect: heap
export const attack = () => { const all = []; for (;;) all.push(Tool.order({ lines: Array(50).fill({ sku: 'x' }) })); };
