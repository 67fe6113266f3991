// A static import of deno_core's own modules.
// expect: guest
import { core } from 'ext:core/mod.js';
export const attack = () => $use(core, 'core');
