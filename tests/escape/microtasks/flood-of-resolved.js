// Fifty thousand reactions of one promise, each calling the host.
let sum = 0;
export const attack = () => { const p = Promise.resolve(); for (let i = 0; i < 20000; i++) p.then(() => { sum = Tool.add(sum, 1); }); return 'started'; };
export const later = () => `sum ${sum}`;
