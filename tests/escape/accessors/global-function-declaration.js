// Lexical and function declarations of a module shadow nothing for others, and indirect eval would.
export const attack = () => { { const Tool = { add: () => 0 }; Tool.add(); } return [() => (0, eval)('var Tool = 1'), () => (0, eval)('function Vault() {}')].map((run) => $thrown(run)?.name ?? 'ESCAPED: a declaration').join(); };
