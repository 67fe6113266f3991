// The stack is made while the host reads an argument: frames of the op are on it.
let text = '';
export const attack = () => {
  try { Tool.order({ get id() { text = new Error('inside').stack; return 1; } }); } catch {}
  return /sandbox:|ext:|deno|\.rs|op_/.test(text) ? `ESCAPED: ${text}` : 'held';
};
