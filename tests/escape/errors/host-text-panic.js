// A panic's payload is the host's; the guest may catch it a hundred times and compare.
export const attack = () => { const texts = new Set(); for (let i = 0; i < 100; i++) texts.add($thrown(() => Tool.explode()).message.replace(/E\d+/, '')); return [...texts].join('\n'); };
