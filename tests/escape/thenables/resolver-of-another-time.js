// A resolver is kept by the guest and used in a later call, with reactions that call the host.
let resolve, answer = 'not yet';
export const attack = () => { new Promise((r) => { resolve = r; }).then(() => { answer = Tool.add(1, 2); }); return 'kept'; };
export const later = () => { resolve(); Promise.resolve().then(() => { answer += Tool.echo('late'); }); return String(answer); };
