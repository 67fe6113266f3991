// `caller` and `arguments` of a sloppy function lead to the function of the sandbox that calls it.
// file: cjs
// says: held nothing
const found = [];
function look() { for (const key of ['caller', 'callee', 'arguments']) for (const holder of [look, module.exports.again, module.exports.attack, arguments, Tool.again]) try { const value = holder[key]; if (value && value !== arguments && value !== look) found.push(value, value.caller); } catch {} return 'x'; }
module.exports = {
  again() { return look(); },
  attack() {
    Tool.again(1);
    [1].map(look);
    Tool.order({ get id() { look(); return 1; } });
    const strangers = found.filter((value) => typeof value === 'function' && value !== module.exports.again && value !== module.exports.attack && !/id\(\)/.test(String(value)));
    return strangers.length > 0 ? `ESCAPED: a caller of the host: ${$all(strangers, 'caller')}` : `${$all(found, 'caller')} nothing`;
  },
};
