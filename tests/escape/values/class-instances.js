// Instances with private fields, accessors on their class, and symbols: only own data crosses.
export const attack = () => { class Odd { #hidden = 'ESCAPED: private'; id = 5; get note() { return 'ESCAPED: inherited'; } static total = 9; [Symbol('s')] = 1; } return JSON.stringify(Tool.order(new Odd())); };
