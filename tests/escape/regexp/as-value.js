// A pattern is no data, neither as an argument nor inside of one.
export const attack = () => [() => Tool.any(/a/), () => Tool.order({ note: /a/ }), () => Tool.echo(/a/)].map((run) => $thrown(run)?.name ?? 'ESCAPED: a pattern crossed').join();
