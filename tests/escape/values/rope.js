// A text of 256 million characters that takes no memory until somebody reads it.
export const attack = () => { let rope = 'x'; for (let i = 0; i < 28; i++) rope += rope; return [() => Tool.echo(rope), () => Tool.any([rope]), () => Tool.order({ note: rope }), () => Tool.fail(rope), () => Vault.guess(1, rope)].map((run) => $thrown(run)?.name ?? 'ESCAPED: it crossed').join(); };
