// A tool that fails gives the guest an error of the host's realm, whose constructor makes code from text.
// says: held TypeError RangeError Error Error
export const attack = () => {
  const errors = [() => Tool.order(1), () => Tool.fail('sku'), () => Tool.refuse(), () => Tool.explode()].map($thrown);
  const own = errors.every((error) => error instanceof Error);
  return `${own ? $all(errors, 'error') : 'ESCAPED: an error of another realm'} ${errors.map((error) => error.name).join(' ')}`;
};
