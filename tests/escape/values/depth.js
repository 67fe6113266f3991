// One level more than may be, and many more.
export const attack = () => [65, 1000, 5000].map((depth) => { let list = []; for (let i = 0; i < depth; i++) list = [list]; return $thrown(() => Tool.any(list))?.name ?? 'ESCAPED: it crossed'; }).join();
