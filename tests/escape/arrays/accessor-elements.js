// Elements that are accessors, which call the method that is reading them.
export const attack = () => { let depth = 0; const list = [1, 2]; Object.defineProperty(list, 0, { enumerable: true, get() { return ++depth < 20 ? Vault.sum(list) : 1; } }); return String(Vault.sum(list)); };
