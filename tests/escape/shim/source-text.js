// A host method's source may tell of the ops behind it.
export const attack = () => [Tool.add, Tool.echo, Vault.guess].map(String).some((text) => /Deno|ops\.|op_sandbox|ext:/.test(text)) ? 'ESCAPED: the source names ops' : 'held';
