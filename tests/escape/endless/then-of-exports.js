// A module's `then` export makes its namespace a thenable.
export const then = () => { for (;;); };
export const attack = () => 'held';
