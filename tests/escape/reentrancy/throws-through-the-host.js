// The inner guest throws, the host passes it on, and the outer guest gets what the host made of it.
export const again = () => { throw Object.assign(new Error('inner'), { secret: 1 }); };
export const attack = () => { const error = $thrown(() => Tool.again(1)); return $use(error, 'error') || `${error.name} ${error.message.replace(/E\d+/, '')}`; };
