// Microtasks must not run in the middle of a host's call that called the guest.
const order = [];
export const again = () => { Promise.resolve().then(() => order.push('microtask')); order.push('inner'); return 'x'; };
export const attack = () => { Tool.again(1); order.push('outer'); return order.includes('microtask') ? 'ESCAPED: microtasks ran inside of a call' : 'held'; };
