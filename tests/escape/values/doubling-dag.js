// Forty lists, each with the one before it twice: 2^40 values by way of reading.
export const attack = () => { let dag = [1]; for (let i = 0; i < 40; i++) dag = [dag, dag]; return [() => Tool.any(dag), () => Tool.any({ dag })].map((run) => $thrown(run)?.name ?? 'ESCAPED: it crossed').join(); };
