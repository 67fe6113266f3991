// A getter calls the method that is reading it, with itself: recursion of the host's reader.
// expect: ok, stack
export const attack = () => { const odd = { get id() { return Tool.order(odd).id; } }; const error = $thrown(() => Tool.order(odd)); return $use(error, 'error') || error.name; };
