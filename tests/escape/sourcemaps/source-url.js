// A comment that renames the script to one of the host's, so that its frames are taken for the shim's or for no one's.
// expect: guest
export const attack = () => { const stack = new Error('renamed').stack; Tool.refuse(); return stack; };
//# sourceURL=sandbox:Tool
