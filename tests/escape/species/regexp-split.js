// A subclass of RegExp whose exec always finds nothing of no length, and whose lastIndex cannot be moved.
// expect: wall, heap
class Bad extends RegExp { exec() { return ['']; } get flags() { return 'g'; } set lastIndex(_) {} get lastIndex() { return 0; } }
export const attack = () => 'ab'.replace(new Bad('x', 'g'), '');
