// A generator that is closed while the host reads; its `finally` yields again.
export const attack = () => {
  function* stubborn() { try { yield 1; } finally { yield 2; for (let i = 0; i < 3; i++) yield Tool.add(i, 1); } }
  const it = stubborn(); it.next();
  return `${it.return(5).value} ${it.next().value} ${it.throw ? $thrown(() => it.throw(new Error('e')))?.message : ''}`;
};
