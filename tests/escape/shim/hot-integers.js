// The fast path of integers at its edges, when hot.
export const attack = () => { const f = (on, n) => Tool.flag(on, n); for (let i = 0; i < 30000; i++) f(true, i & 255); return [256, -1, 0.5, NaN, 4294967296, -0.1, '1', true].map((odd) => { try { return `ESCAPED: took ${odd} for ${f(true, odd)}`; } catch (error) { return error.name; } }).join(); };
