// Memory that two threads may see.
export const attack = () => (typeof SharedArrayBuffer === 'undefined' ? 'held' : `ESCAPED: ${new SharedArrayBuffer(8).byteLength} shared bytes`);
