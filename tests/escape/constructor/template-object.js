// The frozen array of a tagged template, with a host function as its tag.
export const attack = () => {
  let strings;
  ((given) => { strings = given; })`a${1}b`;
  return $all([strings, strings.raw, $thrown(() => Tool.echo`a`), $thrown(() => Tool.add`a${1}`)], 'template');
};
