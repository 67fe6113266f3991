// Options with getters that re-enter the host, in each constructor of Intl.
// quickjs: skip — it has hardly any Intl
export const attack = () => { let asked = 0; const options = new Proxy({}, { get() { asked++; Tool.add(1, 2); return undefined; } }); for (const Kind of [Intl.NumberFormat, Intl.DateTimeFormat, Intl.Collator, Intl.PluralRules, Intl.RelativeTimeFormat]) new Kind('en', options); return `asked ${asked > 0}`; };
