// Makes the global object refuse new globals.
export const attack = () => { const error = $thrown(() => Object.preventExtensions(globalThis)); return `${error?.name} ${Tool.echo('held')}`; };
