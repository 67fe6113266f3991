// `import.meta` is made by the host for each module.
export const attack = () => Reflect.ownKeys(import.meta).length > 0 ? `ESCAPED: ${Reflect.ownKeys(import.meta)}` : $use(import.meta, 'meta') || $use(import.meta.constructor, 'constructor') || 'held';
