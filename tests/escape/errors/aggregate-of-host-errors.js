// AggregateError and SuppressedError that the engine makes around host errors.
let aggregate;
export const attack = () => {
  Promise.any([1, 2].map(async () => Tool.refuse())).catch((error) => { aggregate = error; });
  const stack = new DisposableStack();
  stack.defer(() => Tool.refuse());
  stack.defer(() => Tool.fail('a'));
  const suppressed = $thrown(() => stack.dispose());
  return $all([suppressed, suppressed.error, suppressed.suppressed], 'suppressed');
};
export const later = () => $all([aggregate, ...aggregate.errors], 'aggregate');
