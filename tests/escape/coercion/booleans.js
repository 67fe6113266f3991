// Truth of every kind, and an object that is falsy in old engines.
export const attack = () => [1, 0, 'true', null, undefined, new Boolean(false), [], {}].map((odd) => $thrown(() => Tool.flag(odd, 1))?.name ?? 'ESCAPED: it crossed').join();
