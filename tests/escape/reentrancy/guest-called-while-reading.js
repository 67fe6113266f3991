// The host calls the guest while it reads from it, and the guest changes what is read.
const list = [{ get sku() { Tool.again(1); return 'a'; } }, { sku: 'b' }];
export const again = () => { list.length = 1; list.push(Tool); return 'changed'; };
export const attack = () => { const error = $thrown(() => Tool.order({ lines: list })); return $use(error, 'error') || String(error?.name); };
