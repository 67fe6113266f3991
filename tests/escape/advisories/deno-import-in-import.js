// A module that is imported dynamically imports another one statically, which no permission covers.
// attack: awaited
// says: held 4 refused
export const attack = async () => {
  const outer = ['data:text/javascript,import "file:///etc/passwd"', 'data:text/javascript,export * from "http://127.0.0.1/"', 'blob:null/x', './deno-import-in-import.js'];
  const settled = await Promise.allSettled(outer.map((name) => import(name)));
  const refused = settled.filter((each) => each.status === 'rejected').map((each) => each.reason);
  const told = refused.map((error) => error.message).find((text) => /root:|ENOENT|No such file|refused the connection/.test(text));
  return refused.length === outer.length && !told ? `${$all(refused, 'refusal')} ${refused.length} refused` : `ESCAPED: a module was looked for: ${told}`;
};
