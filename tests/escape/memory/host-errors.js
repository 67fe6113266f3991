// Only errors of the host are kept.
// expect: heap
export const attack = () => { const all = []; for (;;) try { Tool.fail('a'); } catch (error) { all.push(error); } };
