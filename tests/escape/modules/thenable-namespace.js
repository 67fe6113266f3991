// A namespace whose `then` runs while the host takes it for a promise.
// quickjs: skip — scripts of several files are refused there
// says: held
import * as own from './thenable.mjs';
export const then = (resolve) => { Tool.echo('then'); resolve({ attack: () => 'ESCAPED: another object' }); };
const outcomes = [];
import('./thenable.mjs').then((value) => outcomes.push($use(value, 'value')), (error) => outcomes.push($use(error, 'error')));
export const attack = () => 'held';
export const later = () => outcomes.join('') + $use(own, 'namespace');
// --- modules/thenable.mjs
export const then = (resolve, reject) => { $seen = [$use(resolve, 'resolve'), $use(reject, 'reject')]; resolve(1); };
export let $seen;
const $use = (value) => (value.constructor === Function ? '' : 'ESCAPED: a function of another realm');
