// Only what the host makes is kept.
// quickjs: skip — it makes so few of them that the limit of time comes first
// expect: heap
export const attack = () => { const all = []; for (;;) all.push(Tool.order({ lines: Array(50).fill({ sku: 'x' }) })); };
