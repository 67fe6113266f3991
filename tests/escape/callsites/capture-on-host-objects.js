// captureStackTrace writes to whatever it is given: here to what belongs to the host.
export const attack = () => {
  const before = Reflect.ownKeys(Tool).length;
  for (const target of [Tool, Tool.echo, Tool.make(), import.meta]) try { Error.captureStackTrace(target); } catch {}
  return Reflect.ownKeys(Tool).length !== before || Object.hasOwn(Tool.echo, 'stack') ? 'ESCAPED: it wrote to the contract' : 'held';
};
