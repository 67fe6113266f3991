// __defineGetter__ and its family write without asking whether they may, if the object lets them.
export const attack = () => ['__defineGetter__', '__defineSetter__'].flatMap((name) => [Tool, Tool.echo].map((target) => $thrown(() => Object.prototype[name].call(target, 'add', () => 1))?.name ?? 'ESCAPED: it was defined')).join();
