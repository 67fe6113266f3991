// A class that returns another object from its constructor stamps private fields onto it: frozen or not, here the contract.
class Stamp extends (class { constructor(target) { return target; } }) { #brand = 1; static read(target) { return #brand in target; } }
export const attack = () => { const error = $thrown(() => new Stamp(Tool.order({}))); const frozen = $thrown(() => new Stamp(Tool)); return `${error?.name} ${frozen?.name} ${Tool.echo('held')}`; };
