// Microtasks that call the host, which calls the guest, which makes microtasks.
let turns = 0;
export const again = () => { Promise.resolve().then(() => { if (turns++ < 50) Tool.again(turns); }); return 'again'; };
export const attack = () => Tool.again(0);
export const later = () => `turns ${turns > 10}`;
