//! Texts and bytes against the functions of the web that read some: each gives a value or throws, and what it gives holds.

use std::time::Duration;

use sandbox_runtime::{Bytes, Limits, Local, LocalSandbox, Result, Script, Web, sandbox_api};

use crate::input::Input;

#[sandbox_api(guest)]
pub trait Probe {
    /// Takes bytes and the code units of two texts. Returns the properties that do not hold, the text of the bytes, and the number of
    /// values that were made.
    fn probe(&self, bytes: Bytes, text: Vec<u16>, other: Vec<u16>) -> Result<(String, String, u32)>;
}

/// The pieces of texts. A piece of one character stands for its code unit.
const PIECES: [&str; 40] = [
    "http:",
    "https:",
    "file:",
    "data:",
    "blob:",
    "javascript:",
    "a:",
    "//",
    "/",
    "\\",
    "..",
    ".",
    "?",
    "#",
    "@",
    ":",
    "[",
    "]",
    "::1",
    "127.0.0.1",
    "0x7f.1",
    "%",
    "%2e",
    "%00",
    "xn--",
    "\u{e9}",
    "\u{1f600}",
    "\u{3002}",
    "\u{ad}",
    "\0",
    "\n",
    " ",
    "+",
    "&",
    "=",
    "a=b",
    "localhost",
    ":80",
    ":65536",
    "Zg==",
];

const SOURCE: &str = r"
    const broken = [];
    let values = 0;
    const attempt = (make) => { try { const value = make(); values++; return value; } catch (error) {
        if (!(error instanceof Error) && !(error instanceof DOMException)) broken.push(`thrown: ${String(error)}`);
    } };
    const holds = (is, what) => { if (!is) broken.push(what); };
    const PARTS = ['href', 'protocol', 'username', 'password', 'host', 'hostname', 'port', 'pathname', 'search', 'hash'];

    const url = (text, other) => {
        for (const base of [undefined, other, 'http://a/b?c#d']) {
            const made = attempt(() => new URL(text, base));
            if (made === undefined) continue;
            holds(new URL(made.href).href === made.href, `${made.href} is read as another URL`);
            holds(URL.canParse(text, base), 'canParse');
            for (const part of PARTS) {
                const changed = new URL(made.href);
                if (part === 'href') attempt(() => { changed.href = other; }); else changed[part] = other;
                holds(new URL(changed.href).href === changed.href, `${changed.href} after ${part} is read as another URL`);
                changed.searchParams.append(text, other);
                holds(changed.searchParams.getAll(text).includes(other.toWellFormed()), 'append');
            }
        }
        const params = new URLSearchParams(text);
        holds(new URLSearchParams(params.toString()).toString() === params.toString(), 'parameters are read as others');
        params.sort();
    };

    const decode = (bytes, label) => {
        const decoder = attempt(() => new TextDecoder(label));
        if (decoder === undefined) return;
        const whole = decoder.decode(bytes);
        let parts = '';
        for (let at = 0, step = 1; at < bytes.length; at += step, step = step % 5 + 1) {
            parts += decoder.decode(bytes.subarray(at, at + step), { stream: true });
        }
        parts += decoder.decode();
        holds(parts === whole, `${label} in parts gives ${JSON.stringify(parts)} for ${JSON.stringify(whole)}`);
        const strict = attempt(() => new TextDecoder(label, { fatal: true, ignoreBOM: true }).decode(bytes));
        if (strict !== undefined) holds(new TextDecoder(label, { ignoreBOM: true }).decode(bytes) === strict, 'fatal');
    };

    const base64 = (bytes, text) => {
        const latin = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
        holds(atob(btoa(latin)) === latin, 'atob of btoa');
        const read = attempt(() => atob(text));
        if (read !== undefined) holds(atob(btoa(read)) === read, 'btoa of atob');
        attempt(() => btoa(text));
    };

    const encode = (text) => {
        const bytes = new TextEncoder().encode(text);
        holds(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) === text.toWellFormed(), 'encode');
        for (const room of [0, 1, 3, bytes.length]) {
            const into = new Uint8Array(room);
            const { read, written } = new TextEncoder().encodeInto(text, into);
            const again = new TextEncoder().encode(text.slice(0, read));
            holds(again.length === written && again.every((byte, at) => byte === into[at]), `encodeInto ${room}`);
        }
    };

    const headers = (name, value) => {
        const made = attempt(() => new Headers([[name, value], [name, 'x'], ['a', value]]));
        if (made === undefined) return;
        const copy = new Headers(Object.fromEntries(made));
        for (const [key, is] of made) {
            holds(!/[\0\r\n]/.test(key + is) && key === key.toLowerCase() && !/^[\t ]|[\t ]$/.test(is), `header ${JSON.stringify([key, is])}`);
            holds(copy.get(key) === is && made.has(key), `header ${JSON.stringify(key)} is read as another`);
        }
    };

    const bodies = (bytes, text, other) => {
        const blob = new Blob([bytes, text], { type: other });
        const size = bytes.length + new TextEncoder().encode(text).length;
        holds(blob.size === size, `the size of a Blob is ${blob.size} and not ${size}`);
        for (const [from, to] of [[0, bytes.length], [-3, undefined], [bytes[0], -bytes[1]], [other, text.length]]) {
            const part = blob.slice(from, to).size, all = Array(size).fill(0).slice(from, to).length;
            holds(part === all, `slice ${from} ${to} has ${part} and not ${all} bytes`);
        }
        const form = new FormData();
        form.append(text, other);
        form.append(text, blob, other);
        form.set(other, text);
        holds([...form].every(([name]) => name.isWellFormed()), 'a name of a form');
        const request = attempt(() => new Request(text, { method: other, body: form }));
        if (request !== undefined) holds(request.url === new URL(text).href, `the URL of a request is ${request.url}`);
        attempt(() => new Response(form, { statusText: text, headers: { [other]: text } }));
    };

    export const probe = (bytes, text, other) => {
        broken.length = values = 0;
        [text, other] = [text, other].map((units) => String.fromCharCode(...units));
        url(text, other);
        for (const label of ['utf-8', 'utf-16le', 'utf-16be', 'windows-1252', text]) decode(bytes, label);
        base64(bytes, text);
        encode(text);
        headers(text, other);
        headers(other, text);
        bodies(bytes, text, other);
        const copied = attempt(() => structuredClone({ text, bytes, nested: new Map([[other, [bytes.buffer]]]) }));
        if (copied !== undefined) holds(copied.text === text && copied.bytes.every((byte, at) => byte === bytes[at]), 'clone');
        return [broken.join('; '), new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes), values];
    };
";

impl Input<'_> {
    /// The code units of a text: pieces, and units as they come, which may be halves of pairs.
    fn text(&mut self) -> Vec<u16> {
        let mut units = Vec::new();
        for _ in 0..self.next() % 12 {
            match self.next() {
                at if at < 200 => units.extend(PIECES[at % PIECES.len()].encode_utf16()),
                at if at < 240 => units.extend(u16::try_from(self.next())),
                at => units.push(0xd7f0 + u16::try_from(at * 16 + self.next()).unwrap_or_default() % 0x820),
            }
        }
        units
    }
}

/// Gives two texts and the rest of the bytes to a guest with the names of the web. Returns how many values its functions gave.
pub(crate) fn run(bytes: &[u8]) -> usize {
    thread_local! {
        static GUEST: ProbeProxy<Local> = guest();
    }
    let mut input = Input(bytes);
    let (text, other) = (input.text(), input.text());
    let rest = input.0;
    match GUEST.with(|guest| guest.probe(rest.to_vec().into(), text, other)) {
        Ok((broken, decoded, values)) => {
            assert!(broken.is_empty(), "{broken}");
            assert_eq!(decoded, String::from_utf8_lossy(rest));
            values as usize
        }
        Err(other) => panic!("{other:?}"),
    }
}

fn guest() -> ProbeProxy<Local> {
    let limits = Limits { wall: Duration::from_secs(60), ..Limits::default() };
    let web = Web::ENCODING | Web::BASE64 | Web::URL | Web::CLONE | Web::ERRORS | Web::FETCH;
    let sandbox = LocalSandbox::builder().limits(limits).web(web).build().expect("a sandbox");
    sandbox.load::<dyn Probe>(Script::new("probe.js", SOURCE)).expect("the script is loaded")
}
