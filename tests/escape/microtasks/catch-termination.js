// Reactions that catch whatever ends them, and go on in the next call.
// expect: wall
let turns = 0;
const spin = async () => { for (;;) { try { turns++; for (;;) await null; } catch { spin(); } finally { spin(); } } };
export const attack = () => { spin(); return 'started'; };
