// A rewriter of the source guards the `catch` clauses that it knows; errors are caught in all other ways.
// attack: awaited
// says: held TypeError 9 of 9
const fail = () => Tool.echo(5);
export const attack = async () => {
  const seen = [];
  try { fail(); } catch ({ constructor, name, ...rest }) { seen.push(new constructor(name), rest); }
  seen.push((() => { try { fail(); } catch (error) { return error; } finally { for (;;) { break; } } })());
  class Block { static { try { fail(); } catch (error) { Block.error = error; } } }
  seen.push(Block.error);
  seen.push(await (async () => fail())().then(undefined, (error) => error));
  seen.push((await Promise.allSettled([(async () => fail())()]))[0].reason);
  seen.push((await Promise.any([(async () => fail())()]).catch((error) => error)).errors[0]);
  const generator = (function* () { try { yield; } catch (error) { yield error; } })();
  generator.next();
  try { fail(); } catch (error) { seen.push(generator.throw(error).value); }
  seen.push(await (async () => { try { for await (const _ of (async function* () { fail(); })()); } catch (error) { return error; } })());
  seen.push(await new Promise((resolve) => { new Promise(fail).catch(resolve); }));
  const errors = seen.filter((value) => value instanceof TypeError);
  return `${$all(seen, 'caught')} ${errors[0].name} ${errors.length} of 9`;
};
