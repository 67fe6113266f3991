// The engine makes a `SuppressedError` around an error that was raised while a stack of resources was disposed.
// says: held TypeError
export const attack = () => {
  const caught = $thrown(() => {
    const stack = new DisposableStack();
    stack.defer(() => { throw null; });
    stack.defer(() => { Tool.echo(5); });
    stack.dispose();
  });
  return `${$all([caught, caught.suppressed, caught.error], 'error')} ${(caught.suppressed ?? caught).name}`;
};
