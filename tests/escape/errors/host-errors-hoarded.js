// Keeps ten thousand host errors alive: what the host remembers of them must be bounded.
export const attack = () => { const kept = []; for (let i = 0; i < 5000; i++) kept.push($thrown(() => Tool.fail('a'))); return `${kept.length} ${new Set(kept).size}`; };
