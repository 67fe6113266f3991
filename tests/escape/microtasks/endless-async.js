// An async function that awaits for ever, started by the module itself.
// expect: wall
(async () => { for (;;) await null; })();
export const attack = () => 'started';
