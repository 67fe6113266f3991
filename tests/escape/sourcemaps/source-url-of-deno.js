// The same with a name of deno_core, which might trust its own modules.
export const attack = () => $use($thrown(() => Deno.core), 'core') || (typeof Deno === 'undefined' ? 'held' : 'ESCAPED: Deno');
//# sourceURL=ext:core/01_core.js
