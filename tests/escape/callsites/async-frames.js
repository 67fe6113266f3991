// Async stacks have frames of their own kind, with a promise's index.
let text = '';
export const attack = () => { Promise.all([1].map(async () => { await null; text = new Error('async').stack; })); return 'started'; };
export const later = () => (/sandbox:|ext:|deno|\.rs/.test(text) ? `ESCAPED: ${text}` : 'held');
