// Functions made from host functions: bound, proxied, called through Reflect.
export const attack = () => $all([Tool.echo.bind(null), new Proxy(Tool.echo, {}), Tool.echo.call, Reflect.apply(Tool.make, null, [])], 'wrapped');
