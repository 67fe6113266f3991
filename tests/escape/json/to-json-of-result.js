// A String whose toJSON is the answer.
// expect: value
export const attack = () => ({ toJSON: () => 'ESCAPED: JSON', toString: () => 'ESCAPED: toString' });
