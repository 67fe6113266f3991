// A comment that names a file as the source map, where a host looks for positions of an error.
// expect: guest
export const attack = () => { throw new Error('mapped'); };
//# sourceMappingURL=file:///etc/passwd
