// The names of other module systems.
export const attack = () => { for (const look of [() => require('fs'), () => module.require('fs'), () => process.mainModule.require('fs'), () => process.binding('fs'), () => globalThis.process.env, () => arguments[1]('fs')]) try { return `ESCAPED: ${look()}`; } catch {} return 'held'; };
