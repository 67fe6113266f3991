// Date.prototype is full of spies.
// quickjs: skip — the layer over the engine reads a Date by the methods of its prototype
let ran = 0;
export const attack = () => { for (const key of Reflect.ownKeys(Date.prototype)) if (key !== 'constructor') Object.defineProperty(Date.prototype, key, { configurable: true, value() { ran++; return 0; } }); $thrown(() => Tool.any(new Date(5))); $thrown(() => Tool.order({ note: new Date() })); return ran > 0 ? 'ESCAPED: the host asks a Date' : 'held'; };
