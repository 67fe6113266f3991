// Stacks and call sites name files of the host, with their folders and versions.
// says: held no path
const PATH = /(^|[\s(])(\/|[A-Z]:\\)|\.rs\b|node_modules|\bnode:|\bext:|\bfile:|\bdeno/i;
export const again = () => { throw new Error('through the host'); };
export const attack = () => {
  const errors = [() => { throw new Error('e'); }, () => null.x, () => Tool.echo(5), () => Tool.refuse(), () => Tool.explode(), () => Tool.again(1), () => JSON.parse('{'), () => eval('1')].map($thrown);
  const texts = errors.flatMap((error) => [error.stack, error.fileName, error.sourceURL, error.message].map(String));
  const told = texts.find((text) => PATH.test(text));
  return told ? `ESCAPED: a path of the host: ${told}` : `${$all(errors, 'error')} no path`;
};
