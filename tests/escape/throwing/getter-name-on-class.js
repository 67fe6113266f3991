// A class of errors whose name is a getter that calls the host and throws what it gets.
// expect: guest
export const attack = () => { class Odd extends Error { get name() { Tool.refuse(); } } throw new Odd('odd'); };
