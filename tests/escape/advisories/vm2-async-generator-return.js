// `return` of an async generator awaits a thenable: what its `then` throws goes to the iterator of a `yield*`.
// attack: awaited
// says: held RangeError TypeError EvalError
const seen = [];
async function* pass() {
  yield* { [Symbol.asyncIterator]: () => ({ next: (value) => { seen.push(value); return { value, done: false }; } }) };
}
const caught = async (then) => {
  const generator = pass();
  await generator.next();
  try { seen.push(await generator.return({ then })); } catch (error) { seen.push(error); }
  try { seen.push((await generator.next(1)).value); } catch (error) { seen.push(error); }
};
const deep = () => deep() + 1;
const made = (resolve) => { seen.push(Tool.echo.constructor('return this')()); resolve(1); };
export const attack = async () => {
  for (const then of [() => deep(), () => Tool.echo(5), made]) await caught(then);
  const names = seen.filter((value) => value instanceof Error).map((error) => error.name);
  return `${$all(seen, 'yielded')} ${[...new Set(names)].join(' ')}`;
};
