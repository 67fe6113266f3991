// Throws a host method itself, so that the report of it reads properties of a host's object.
// expect: guest
export const attack = () => { throw Tool.echo; };
