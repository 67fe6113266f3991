// A module that throws is imported again, in each way, and after its error was frozen.
// quickjs: skip — scripts of several files are refused there
// says: held
const outcomes = [], errors = [];
for (let i = 0; i < 3; i++) import('./throws.mjs').then(() => outcomes.push('ESCAPED: it ran on'), (error) => errors.push(error));
for (let i = 0; i < 3; i++) import('./importer.mjs').then(() => outcomes.push('ESCAPED: it ran on'), (error) => errors.push(error));
export const attack = () => 'held';
export const later = () => outcomes.join('') + (errors.length === 6 && errors.every((error) => error === errors[0]) ? '' : `ESCAPED: ${errors}`);
// --- modules/throws.mjs
throw Object.freeze({ no: 1 });
export {};
// --- modules/importer.mjs
import './throws.mjs';
