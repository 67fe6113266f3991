// A result whose conversion runs code of the guest.
// expect: value
export const attack = () => ({ [Symbol.toPrimitive]: () => 'ESCAPED: a result was converted' });
