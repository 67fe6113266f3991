// A WebAssembly.Exception passes through JavaScript's `catch` in its own way.
export const attack = () => ($thrown(() => new WebAssembly.Tag({ parameters: [] })) ? 'held' : 'ESCAPED: a tag was made');
