// A variant that is shown has a text of its own for the guest; the other one stays with the host.
const dump = (error) => [error.name, error.message, error.stack, error.sku, ...Object.getOwnPropertyNames(error).map((key) => String(error[key]))].join('\n');
export const attack = () => dump($thrown(() => Tool.fail('sku-1')));
