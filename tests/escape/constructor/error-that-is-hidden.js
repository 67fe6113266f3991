// An opaque error is an object all the same; so is the one of a panic.
export const attack = () => $all([$thrown(() => Tool.fail('secret')), $thrown(() => Tool.refuse()), $thrown(() => Tool.explode())], 'error');
