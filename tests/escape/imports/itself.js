// A module that imports itself by its own name, to get a second instance of it.
// expect: guest
import * as self from 'imports/itself.mjs';
export const attack = () => `ESCAPED: ${self}`;
