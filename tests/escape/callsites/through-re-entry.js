// A frame of the host lies between two of the guest; a CallSite of it would name the host.
let sites = [];
export const again = () => { Error.prepareStackTrace = (_, list) => { sites = list; }; return String(new Error('inside').stack); };
export const attack = () => { const stack = Tool.again(1); return sites.length > 0 ? 'ESCAPED: CallSites' : /sandbox:|\.rs|ext:|deno/.test(stack) ? `ESCAPED: ${stack}` : 'held'; };
