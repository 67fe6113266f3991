// A promise that is resolved with itself.
export const attack = async () => { let resolve; const self = new Promise((r) => { resolve = r; }); resolve(self); try { await self; } catch (error) { return $use(error, 'cycle') || 'held'; } return 'ESCAPED: it was resolved'; };
