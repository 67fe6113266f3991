// Other ways in which text becomes code: timers, ShadowRealm, Worker, event handlers.
export const attack = () => { for (const run of [() => setTimeout('1'), () => new ShadowRealm().evaluate('1'), () => new Worker('data:,1'), () => importScripts('x'), () => new Compartment().evaluate('1'), () => new Realm().evaluate('1')]) try { return `ESCAPED: ${run()}`; } catch {} return 'held'; };
