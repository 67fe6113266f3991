// An allowed module loads others by name, without a look at the list.
// says: held 9 names refused
export const attack = () => {
  const looks = [() => module, () => module.constructor._load('child_process'), () => require('module')._load('fs'), () => process.getBuiltinModule('fs'), () => process.mainModule.require('fs'), () => process.binding('fs'), () => import.meta.resolve('fs'), () => Deno.core.loadExtScript('x'), () => globalThis.require.main];
  const names = looks.map($name);
  return names.includes('ran') ? `ESCAPED: look ${names.indexOf('ran')} gave something` : `held ${names.length} names refused`;
};
