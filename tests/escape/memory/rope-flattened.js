// A text of ropes that doubles, and is flattened at each step.
// expect: heap, guest, ok
export const attack = () => { let text = 'x'; const all = []; for (let i = 0; i < 26; i++) { text = text + text + i; all.push(text); text.charCodeAt(5); } return String(all.length); };
