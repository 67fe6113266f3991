// The time is up inside of a getter that the host reads; the caller catches the host's refusal.
// expect: wall
export const attack = () => { try { Tool.order({ get id() { for (;;); } }); } catch { return 'ESCAPED: the termination became an error'; } finally { for (;;); } };
