// Symbol keys are no data: they neither cross nor run.
let ran = 0;
export const attack = () => {
  const result = Tool.order({ id: 1, get [Symbol('a')]() { ran++; return 1; }, get [Symbol.toPrimitive]() { ran++; return () => 1; } });
  return ran > 0 || Object.getOwnPropertySymbols(result).length > 0 ? 'ESCAPED: a symbol was read' : 'held';
};
