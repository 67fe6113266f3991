// Patterns that are large when compiled: repetition of repetition.
export const attack = () => ['(?:(?:a{1000}){1000}){10}', `${'('.repeat(2000)}a${')'.repeat(2000)}`, '[\\p{L}\\p{N}]{0,500}'].map((text) => { try { return new RegExp(text, 'u').test('b'); } catch (error) { return error.name; } }).join();
