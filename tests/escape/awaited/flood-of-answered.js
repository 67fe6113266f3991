// Very many calls that are answered, none of them awaited; the call does not wait for them.
export const attack = async () => { for (let i = 0; i < 500; i++) Slow.echo('a'); await Slow.echo('b'); return 'held'; };
