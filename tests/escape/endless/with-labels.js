// Nested labelled loops whose `continue` skips every check one might write.
// expect: wall
export const attack = () => { outer: for (;;) { inner: do { switch (1) { case 1: continue outer; default: break inner; } } while (true); } };
