// The contract's global is to become a getter, which sees each use of it by others.
export const attack = () => [() => globalThis.__defineGetter__('Tool', () => 1), () => Object.defineProperty(globalThis, 'Tool', { get: () => 1 }), () => { delete globalThis.Vault; }, () => { globalThis.Vault = 1; }].map((run) => $thrown(run)?.name ?? 'ESCAPED: the global was redefined').join();
