// Symbols that all realms share are read off objects of the host, also where `Symbol.for` gives others.
// says: held no shared symbol
export const attack = () => {
  const seen = new Set(), found = [];
  for (const start of [Tool, Tool.echo, Vault, Slow, Tool.order({}), Tool.make(), Tool.bytes(new Uint8Array(1)), $thrown(() => Tool.refuse())]) {
    for (let link = start; link && !seen.has(link); link = Object.getPrototypeOf(link)) {
      seen.add(link);
      const copy = Object.getOwnPropertySymbols(Object.getOwnPropertyDescriptors(link));
      found.push(...copy.filter((symbol) => Symbol.keyFor(symbol) !== undefined || /inspect|nodejs|deno/i.test(symbol.description)));
    }
  }
  return found.length > 0 ? `ESCAPED: ${found.map(String)}` : `${$all([...seen], 'link')} no shared symbol`;
};
