// Huge BigInts as numbers and as data, and in the text of an error.
export const attack = () => { const huge = 2n ** 20000n; return [() => Tool.add(huge, 1), () => Tool.any(huge), () => Tool.any([huge]), () => Tool.echo(huge)].map((run) => $thrown(run)?.name ?? 'ESCAPED: it crossed').join(); };
