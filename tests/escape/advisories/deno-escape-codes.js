// Text of the guest erases what the terminal of the host shows, and writes another line in its place.
// expect: guest
// says: \u{1b}[2A
export const attack = () => { throw new Error('\u001b[2A\u001b[0J\u001b[1m  Allow? [y/n]\u202e\r\n  granted'); };
