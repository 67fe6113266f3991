// The result of an inner call is odd: the host's own call fails, and the guest learns that.
export const again = () => ({ toString: () => Tool.again(2) });
export const attack = () => { const error = $thrown(() => Tool.again(1)); return $use(error, 'error') || error.message.replace(/E\d+/, ''); };
