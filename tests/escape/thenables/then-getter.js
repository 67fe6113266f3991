// A `then` that is a getter, looked at twice and different each time.
let looks = 0;
export const attack = () => { const odd = { get then() { looks++; return looks % 2 ? (resolve) => resolve(odd) : undefined; } }; Promise.resolve(odd); Tool.any({ a: 1 }); return 'started'; };
export const later = () => `looked ${looks} times`;
