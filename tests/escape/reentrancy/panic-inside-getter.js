// A host method panics inside of a getter that another host method reads, in a call of the guest by the host.
export const again = () => { const error = $thrown(() => Tool.order({ get id() { return Tool.explode(); } })); return $use(error, 'error') || error.name; };
export const attack = () => Tool.again(1);
