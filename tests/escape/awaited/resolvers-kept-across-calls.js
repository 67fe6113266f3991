// A resolver of an asynchronous call is used in a synchronous one, whose reactions call the host: nobody waits for them.
let resolve, found = 'nothing ran';
export const attack = async () => { new Promise((r) => { resolve = r; }).then(() => Slow.echo('late')).then((text) => { found = `answered ${text}`; }, (error) => { found = $use(error, 'refusal') || 'held'; }); return 'kept'; };
export const later = () => { resolve(); return found; };
