// The inner guest lets a host's error pass, through another host method, to the outer guest.
export const again = () => Tool.fail('secret');
export const attack = () => { const error = $thrown(() => Tool.again(1)); return $use(error, 'error') || [error.message, error.stack, error.cause].join().replace(/E\d+/g, ''); };
