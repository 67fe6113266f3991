// Runs one script of test262 in the global of its realm.

const indirect = eval;
const { getOwnPropertyDescriptors, getPrototypeOf, freeze } = Object;
const { ownKeys, apply } = Reflect;

/// The names that this program defines.
const OWN = ['$DONE', 'print', '$262'];

/// What `Object.freeze` does to each intrinsic, and constants for their names.
function freezePlainly() {
    // Those that no name leads to: the prototypes of these objects, and the thrower of `arguments.callee`.
    const hidden = [
        function* () {}, async function* () {}, async () => {}, [].values(), new Map().values(), new Set().values(), ''.matchAll(/x/g),
        ''[Symbol.iterator](), Iterator.from({ next() {} }), [].values().map((x) => x),
    ];
    const queue = hidden.map(getPrototypeOf), named = [];
    queue.push(Object.getOwnPropertyDescriptor(function () { 'use strict'; return arguments; }(), 'callee').get);
    for (const [name, { value }] of Object.entries(getOwnPropertyDescriptors(globalThis))) {
        if (name !== 'globalThis' && Object(value) === value) queue.push(value);
        if (!OWN.includes(name)) named.push(name);
    }
    const seen = new Set([globalThis]);
    while (queue.length > 0) {
        const object = queue.pop();
        if (Object(object) !== object || seen.has(object)) continue;
        seen.add(object);
        queue.push(getPrototypeOf(object));
        const properties = getOwnPropertyDescriptors(object);
        for (const key of ownKeys(properties)) queue.push(properties[key].value, properties[key].get, properties[key].set);
    }
    for (const name of named) Object.defineProperty(globalThis, name, { writable: false, configurable: false });
    for (const object of seen) {
        if (object !== globalThis && !ArrayBuffer.isView(object)) freeze(object);
    }
}

const described = (error) => {
    try {
        return `${error.name ?? error.constructor?.name}: ${error.message}`;
    } catch {
        return 'an error that cannot be read';
    }
};

let isAsync = false;
let outcome;

/// Begins a script: the empty text, or what was thrown. An asynchronous script says later how it ended.
export function begin(isPlain, harness, source, waits) {
    isAsync = waits;
    outcome = waits ? 'it has not said $DONE' : '';
    globalThis.$DONE = (error) => { outcome = error === undefined ? '' : described(error); };
    globalThis.print = () => {};
    globalThis.$262 = {
        global: globalThis,
        evalScript: (text) => indirect(text),
        gc: () => {},
        detachArrayBuffer: (buffer) => { buffer.transfer(); return null; },
        createRealm() { throw new Error('a script cannot make a realm'); },
        get agent() { throw new Error('a script has no agents'); },
        AbstractModuleSource: undefined,
    };
    if (isPlain) freezePlainly();
    try {
        indirect(harness);
        indirect(source);
    } catch (error) {
        return described(error) || 'an error without a text';
    }
    return '';
}

export const end = () => outcome;
