// Revivers and replacers get each value with its holder as `this`, here of a host's data.
export const attack = () => { const seen = []; JSON.stringify(Tool.order({ lines: [{}] }), function (key, value) { seen.push(this); return value; }); JSON.parse('{"a":[1]}', function (key, value, context) { seen.push(this, context); return value; }); return $all(seen, 'holder'); };
