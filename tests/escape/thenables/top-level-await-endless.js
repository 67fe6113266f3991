// The module waits for one that never stops.
// expect: wall
await { then: function again(resolve) { resolve({ then: again }); } };
export const attack = () => 'never';
