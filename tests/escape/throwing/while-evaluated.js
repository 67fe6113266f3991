// The module itself throws, with a getter that calls the host.
// expect: guest
throw Object.defineProperty(new Error('early'), 'message', { get: () => Tool.echo('read') });
export const attack = () => 'never';
