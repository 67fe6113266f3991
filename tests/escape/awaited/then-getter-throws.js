// The getter of `then` throws while a host's result resolves: the guest's own promise rejects, and nothing of the host's does.
export const attack = async () => {
  const mine = { mine: true };
  Object.defineProperty(Object.prototype, 'then', { configurable: true, get() { throw mine; } });
  let caught;
  try { await Slow.any({ a: 1 }); } catch (error) { caught = error; }
  delete Object.prototype.then;
  return caught === mine ? $use(caught, 'thrown') || 'held' : 'ESCAPED: something else was thrown';
};
