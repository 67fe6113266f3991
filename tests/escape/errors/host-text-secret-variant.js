// A variant of the host's error that is not declared to be shown.
const dump = (error) => [error.message, error.stack, String(error), JSON.stringify(error), ...Reflect.ownKeys(error).map((key) => String(error[key]))].join('\n');
export const attack = () => dump($thrown(() => Tool.fail('secret')));
