// Promises that never settle, with reactions.
// expect: heap
export const attack = () => { const all = []; for (;;) all.push(new Promise(() => {}).then(() => {})); };
