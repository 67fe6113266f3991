// %ThrowTypeError% is one function of its realm, found behind `callee` and `caller`.
export const attack = () => {
  const callee = (function () { 'use strict'; return Object.getOwnPropertyDescriptor(arguments, 'callee').get; })();
  const { get, set } = Object.getOwnPropertyDescriptor(Function.prototype, 'caller');
  return $all([callee, get, set, $thrown(callee), $thrown(() => Tool.echo.caller)], 'thrower');
};
