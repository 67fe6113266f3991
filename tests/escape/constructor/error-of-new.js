// `new` on something that is no constructor throws in a realm of the engine's choice.
export const attack = () => $all([$thrown(() => new Tool.add(1, 2)), $thrown(() => Reflect.construct(Tool.echo, ['a'])), $thrown(() => { class A extends Tool.echo {} }), $thrown(() => Reflect.construct(Object, [], Tool.echo))], 'error');
