// Very many turns of microtasks, and then the host's answer.
export const attack = async () => { for (let i = 0; i < 20000; i++) await i; return await Slow.echo('held'); };
