// Waits at its top level for an import, and catches what comes.
let gained;
try { gained = await import('node:child_process'); } catch (error) { gained = error; }
export const attack = () => $use(gained, 'import') || 'held';
