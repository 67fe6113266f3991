// A template of code that nests deeply can only come from text here: patterns and JSON are the parsers left.
export const attack = () => ['('.repeat(30000) + ')'.repeat(30000), '(?:'.repeat(20000) + ')'.repeat(20000), '(?=' .repeat(5000) + ')'.repeat(5000)].map((text) => { try { return new RegExp(text).test('a'); } catch (error) { return error.name; } }).join();
