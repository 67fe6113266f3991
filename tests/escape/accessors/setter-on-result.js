// Results are plain: a setter planted by their shape must not appear on the next one.
export const attack = () => { const one = Tool.order({ id: 1 }); Object.defineProperty(one, 'id', { get() { return 'planted'; } }); return Tool.order({ id: 2 }).id === 2 && Tool.deliver() ? 'held' : 'ESCAPED: results share their shape with code'; };
