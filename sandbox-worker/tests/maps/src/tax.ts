/** The tax of a net amount. */
export function tax(net: number): number {
  if (net < 0) {
    throw new RangeError(`no tax for ${net}`);
  }
  return net / 4;
}
