// A filter of the text `import(` does not see an import behind a spread, a comment or a line of its own.
// attack: awaited
// says: held 6 refused
export const attack = async () => {
  const forms = [() => ({ ...import('node:fs') }), () => [...[import /* */ ('node:fs')]], () => import
    ('data:text/javascript,export default 1'), () => ({ ...(0, import('file:///etc/passwd')) }), () => import(`node:${'fs'}`), () => import('node:fs', { with: { type: 'json' } })];
  const waits = forms.map(async (form) => { const value = form(); return await value; });
  const direct = await Promise.allSettled(['node:fs', 'data:text/javascript,export default 1', 'file:///etc/passwd', 'ext:core/mod.js', 'https://example.com/a.js', 'jsr:a'].map((name) => import(name)));
  await Promise.allSettled(waits);
  const refused = direct.filter((each) => each.status === 'rejected').map((each) => each.reason);
  return refused.length === direct.length ? `${$all(refused, 'refusal')} ${refused.length} refused` : 'ESCAPED: a module was imported';
};
