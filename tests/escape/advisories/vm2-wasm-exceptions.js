// WebAssembly catches errors of the host in compiled code, where no rewriter and no bridge looks.
// says: ReferenceError ReferenceError ReferenceError
const header = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);
export const attack = () => {
  const names = [() => new WebAssembly.Module(header), () => new WebAssembly.Tag({ parameters: ['externref'] }), () => WebAssembly.JSTag.x].map($name);
  return names.includes('ran') ? `ESCAPED: compiled code: ${names.join(' ')}` : names.join(' ');
};
