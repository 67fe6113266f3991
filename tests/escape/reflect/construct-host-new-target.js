// The same with a host method as newTarget, and with a Proxy of it.
export const attack = () => $all([Tool.echo, new Proxy(Tool.echo, {}), Tool.echo.bind()].map((odd) => $thrown(() => Reflect.construct(Array, [], odd))), 'made');
