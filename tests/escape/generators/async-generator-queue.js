// An async generator gets a hundred thousand requests before the first is served.
let served = 0;
export const attack = () => { const it = (async function* () { for (;;) yield served++; })(); for (let i = 0; i < 20000; i++) it.next(); return 'queued'; };
export const later = () => `served ${served}`;
