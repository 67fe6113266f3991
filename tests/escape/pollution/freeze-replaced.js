// `Object.freeze` and `isFrozen` are replaced; what was frozen stays so, and what comes later is not the guest's to keep open.
export const attack = () => { Object.freeze = (x) => x; Object.isFrozen = () => true; 'use strict'; return [() => { Tool.add = 1; }, () => { Tool.add.x = 1; }].map((run) => $thrown(run)?.name ?? 'ESCAPED: it was changed').join(); };
