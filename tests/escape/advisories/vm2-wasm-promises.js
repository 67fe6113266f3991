// Promises that WebAssembly makes inherit from the promises of the host's realm, and their `finally` asks for a species.
// says: undefined ReferenceError
const header = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);
export const attack = () => {
  const name = $name(() => { WebAssembly.promising(() => 1); });
  if (typeof WebAssembly !== 'undefined') return `ESCAPED: WebAssembly compiles: ${WebAssembly.validate(header)} ${name}`;
  return `${typeof WebAssembly} ${name}`;
};
