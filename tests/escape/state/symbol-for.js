// The registry of symbols is of the isolate: a tenant must not find what another one put there.
export const attack = () => { const key = Symbol.for('left by a tenant'); globalThis[key] = Object.prototype[key] = 'mark'; const found = {}[key]; delete Object.prototype[key]; delete globalThis[key]; return found; };
