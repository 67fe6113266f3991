// A class that extends Function makes code when it is constructed.
export const attack = () => { for (const make of [() => new (class extends Function {})('return 1'), () => new (class extends (async () => {}).constructor {})('return 1'), () => Reflect.construct(Function, ['return 1'], Object)]) try { return `ESCAPED: ${make()}`; } catch {} return 'held'; };
