// Everything of another module is to be exported again.
// expect: guest
export * from 'ext:deno_core/01_core.js';
export const attack = () => 'never';
