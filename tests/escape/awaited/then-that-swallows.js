// `then` is replaced while the host has not answered, and never calls its reactions: the host does not use it.
export const attack = async () => { const waits = Slow.echo('a'); Promise.prototype.then = function () { return this; }; return (await waits) === 'a' ? 'held' : 'ESCAPED: another answer'; };
