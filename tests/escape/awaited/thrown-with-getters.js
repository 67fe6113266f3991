// What the promise is rejected with runs code when it is read, which calls the host.
// expect: guest
export const attack = async () => { await Slow.echo('a'); throw { get message() { Slow.echo('b'); return 'm'; }, get name() { Slow.never(); return 'n'; }, get cause() { return Slow.refuse(); } }; };
