// `split` makes a RegExp by species; one whose exec never advances runs for ever.
// expect: wall
export const attack = () => { class Bad extends RegExp { exec() { this.lastIndex = 1; return null; } set lastIndex(_) {} get lastIndex() { return 0; } } return 'ab'.replace(new (class extends RegExp { exec() { return ['', ]; } get flags() { return 'g'; } })('x', 'g'), ''); };
