// A list of such lists thrown at the report of a result of the wrong type.
// expect: value
export const attack = () => { let dag = {}; for (let i = 0; i < 60; i++) dag = { a: dag, b: dag }; return dag; };
