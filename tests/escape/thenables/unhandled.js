// Ten thousand rejections that nobody handles, of odd values, and some handled too late.
export const attack = () => { for (let i = 0; i < 3000; i++) { const p = Promise.reject(i % 3 ? Symbol('s') : { get message() { for (;;); } }); if (i % 2) Promise.resolve().then(() => p.catch(() => {})); } return 'started'; };
