// Two thousand texts that are one text: each counts.
export const attack = () => { const text = 'x'.repeat(4000); return $thrown(() => Tool.any(Array(2000).fill(text)))?.name ?? 'ESCAPED: it crossed'; };
