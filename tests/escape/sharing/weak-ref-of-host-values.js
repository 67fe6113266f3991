// A WeakRef keeps what it looked at until the turn is over; of host values it shows when they die.
export const attack = () => { const refs = []; for (let i = 0; i < 2000; i++) refs.push(new WeakRef(Tool.order({ id: i }))); return $use(refs[1999].deref(), 'referent') || 'held'; };
