// The promise of a refused import and the error in it are made by the host.
let error;
const promise = import('fs');
promise.catch((reason) => { error = reason; });
export const attack = () => $use(promise, 'promise');
export const later = () => (error ? $use(error, 'error') || 'held' : 'no error');
