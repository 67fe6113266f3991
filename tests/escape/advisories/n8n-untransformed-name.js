// A rewriter replaces names of the host where it knows the syntax; one form that it forgot gives `process` itself.
// says: held 14 of 15
const forms = [() => process, () => ({ process }), () => [...process], () => `${process}`, () => class extends process {}, () => ((a = process) => a)(), () => { const { a = process } = {}; return a; }, () => process?.env, () => process`tagged`, () => { for (const a of process) return a; }, () => new process(), () => { let a; ({ [process]: a } = {}); return a; }, () => { process ||= 1; }, () => ({ __proto__: process }), () => import.meta.process.env.x];
export const attack = () => {
  const names = forms.map($name);
  const odd = names.findIndex((name) => name !== 'ReferenceError' && name !== 'TypeError');
  const absent = names.filter((name) => name === 'ReferenceError').length;
  return odd < 0 ? `held ${absent} of ${names.length}` : `ESCAPED: form ${odd} gave ${names[odd]}`;
};
