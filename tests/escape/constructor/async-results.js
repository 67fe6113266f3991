// An async function that rejects with a host's error hands it to reactions that run after the call.
let gained = 'nothing ran';
export const attack = () => { (async () => Tool.fail('a'))().catch((error) => { gained = $use(error, 'rejection') || 'held'; }); return 'started'; };
export const later = () => gained;
