// In V8 `stack` is an accessor of its own; its getter is a function of some realm.
export const attack = () => {
  const found = [];
  for (const error of [$thrown(() => Tool.echo(5)), $thrown(() => Tool.refuse()), new Error('mine')]) {
    for (let link = error; link; link = Object.getPrototypeOf(link)) {
      const property = Object.getOwnPropertyDescriptor(link, 'stack');
      if (property) found.push(property.get, property.set, property.value);
    }
  }
  return $all(found, 'stack');
};
