// A getter throws the error of a host method while another host method reads.
export const attack = () => { const first = $thrown(() => Tool.refuse()); const error = $thrown(() => Tool.order({ get id() { throw first; } })); return error === first ? $use(error, 'error') || 'held' : 'ESCAPED: another error'; };
