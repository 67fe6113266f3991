// A sparse array of the greatest length costs nothing to make; reading it must be refused before the work.
export const attack = () => { const list = []; list.length = 2 ** 32 - 1; return [() => Vault.sum(list), () => Tool.any(list), () => Tool.order({ lines: list })].map((run) => $thrown(run)?.name ?? 'ESCAPED: it crossed').join(); };
