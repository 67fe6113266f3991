// `matchAll` and `split` make a RegExp through a constructor of the guest's, with the host's array as a source.
export const attack = () => { const seen = []; const pattern = /,/; pattern.constructor = { [Symbol.species]: function (...args) { seen.push(...args); return /,/y; } }; Tool.make().join().split(pattern); return $all([...seen], 'species'); };
