// vm2's oldest way out: an array that the host made has the host's Array.
export const attack = () => $all([Tool.make(), Tool.any([1, [2]]), Tool.any([1, [2]])[1], Tool.make().map, Tool.make()[Symbol.iterator]()], 'array');
