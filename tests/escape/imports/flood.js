// Ten thousand imports at once.
let refused = 0;
export const attack = () => { for (let i = 0; i < 5000; i++) import(`m${i}`).catch(() => { refused++; }); return 'started'; };
export const later = () => `refused ${refused}`;
