// `Reflect.set` with the contract as the receiver writes to it through another object's setter.
export const attack = () => Reflect.set({ set add(v) { Object.defineProperty(this, 'stolen', { value: v }); } }, 'add', 1, {}) + String($thrown(() => Reflect.set({ set add(v) { this.stolen = v; } }, 'add', 1, Tool))?.name ?? 'ESCAPED: it was written') + Reflect.set({}, 'add', 1, Tool);
