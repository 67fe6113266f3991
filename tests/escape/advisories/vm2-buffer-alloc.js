// One call allocates gigabytes outside of the heap, where no limit of time or memory looks.
// says: held RangeError RangeError RangeError RangeError
// quickjs: expect: heap
// quickjs: says: heap
export const attack = () => {
  const names = [() => new ArrayBuffer(2 ** 33), () => new Uint8Array(2 ** 31), () => new Float64Array(2 ** 28), () => { const all = []; for (let i = 0; i < 64; i++) all.push(new Uint8Array(1 << 20)); }].map($name);
  return names.includes('ran') ? `ESCAPED: memory that no one counts: ${names.join(' ')}` : `held ${names.join(' ')}`;
};
