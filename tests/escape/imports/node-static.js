// A static import of a file system.
// expect: guest
import fs from 'node:fs';
export const attack = () => `ESCAPED: ${fs}`;
