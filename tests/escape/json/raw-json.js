// JSON.rawJSON makes a frozen object without a prototype that prints as it likes.
export const attack = () => { const raw = JSON.rawJSON('{}'.length > 5 ? '{}' : '1'); return [() => Tool.any(raw), () => Tool.order(raw), () => Tool.echo(raw)].map((run) => { try { return JSON.stringify(run()); } catch (error) { return error.name; } }).join(); };
