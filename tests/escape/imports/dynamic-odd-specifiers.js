// Specifiers that run code when they are made into text, throw, or are very long.
const outcomes = [];
for (const odd of [{ toString() { return Tool.echo('node:fs'); } }, Symbol('s'), { [Symbol.toPrimitive]() { throw Tool; } }, 'x'.repeat(1e6), '\ud800', null, import.meta]) import(odd).then(() => outcomes.push('ESCAPED: imported'), (error) => outcomes.push($use(error, 'error')));
export const attack = () => 'started';
export const later = () => outcomes.join('') || 'held';
