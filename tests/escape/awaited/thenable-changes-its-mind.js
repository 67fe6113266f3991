// What is returned is a thenable whose `then` is another each time it is read.
let reads = 0;
export const attack = () => ({ get then() { reads++; return reads === 1 ? (resolve) => { resolve('held'); resolve({ then: 1 }); } : () => 'ESCAPED: it was read twice'; } });
export const later = () => (reads === 1 ? 'held' : 'ESCAPED: `then` was read twice');
