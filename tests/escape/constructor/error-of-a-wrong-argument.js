// The TypeError for a wrong argument is made by the host.
export const attack = () => $all([$thrown(() => Tool.echo(5)), $thrown(() => Tool.order(1)), $thrown(() => Tool.add('1', 2)), $thrown(() => Vault.sum([1, '2']))], 'error');
