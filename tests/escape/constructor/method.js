// The constructor of a host method is the Function of the realm that the method was made in.
export const attack = () => $all([Tool.add, Tool.echo, Tool.order, Tool.fail, Vault.guess], 'method');
