// The text of a host's error is not for the guest: neither message, nor stack, nor any property of any link.
const dump = (error) => { let text = ''; for (let link = error, n = 0; link && n < 5; link = Object.getPrototypeOf(link), n++) for (const key of Reflect.ownKeys(link)) try { text += String(error[key]); } catch {} return text + String(error); };
export const attack = () => dump($thrown(() => Tool.refuse()));
