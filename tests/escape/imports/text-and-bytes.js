// Imports of text and bytes, by attribute.
// expect: guest
import text from 'file:///etc/hostname' with { type: 'text' };
export const attack = () => `ESCAPED: ${text}`;
