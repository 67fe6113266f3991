// A JSON import of a file that every machine has.
// expect: guest
import data from 'file:///etc/passwd' with { type: 'json' };
export const attack = () => `ESCAPED: ${data}`;
