// Guest, host, guest, host: each level takes the host's stack as well.
// expect: stack, guest
export const again = (depth) => Tool.again(depth + 1);
export const attack = () => Tool.again(0);
