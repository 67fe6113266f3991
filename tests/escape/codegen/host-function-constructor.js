// The constructor of a host method, in all the ways to reach it.
export const attack = () => { for (const F of [Tool.echo.constructor, Object.getPrototypeOf(Tool.echo).constructor, Tool.make.bind().constructor, Reflect.get(Tool.add, 'constructor'), Tool.make().map.constructor]) { const gained = $code(F, 'host constructor'); if (gained) return gained; } return 'held'; };
