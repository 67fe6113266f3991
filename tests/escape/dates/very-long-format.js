// Formats of numbers with a million digits, and lists of ten thousand parts.
export const attack = () => { const format = new Intl.NumberFormat('en', { minimumFractionDigits: 100 }); return `${format.format(10n ** 3000n).length} ${new Intl.ListFormat('en').format(Array(5000).fill('a')).length}`; };
