// Keys that look like numbers, are empty, or are very long.
export const attack = () => { const odd = { '-0': 1, '': 2, 4294967295: 3, '1e3': 4, ['k'.repeat(1000)]: 5, '\ud800': 6 }; const error = $thrown(() => Tool.any(odd)); delete odd['\ud800']; return `${error?.name} ${Object.keys(Tool.any(odd)).length}`; };
