// A chain of fifty thousand prototypes, which each lookup walks.
export const attack = () => { let link = {}; for (let i = 0; i < 20000; i++) link = Object.create(link); return [() => Tool.order(link), () => Tool.any(link), () => $use(link, 'link')].map((run) => $thrown(run)?.name ?? 'done').join(); };
