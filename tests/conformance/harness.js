// An expression: a function that takes `exports` and a program. It exports `start`, which runs the program, and
// `outcome`, which tells in canonical text what became of it. All that it needs of the realm it takes before
// the program runs, for a program may change anything.
(function () {
    "use strict";
    const { apply, getOwnPropertyDescriptor, getPrototypeOf, ownKeys } = Reflect;
    const { stringify } = JSON;
    const text = String;
    const isArray = Array.isArray;
    const { is } = Object;
    const { prototype: promise } = Promise;
    const then = promise.then;
    const method = (f) => (receiver, ...rest) => apply(f, receiver, rest);
    const getter = (prototype, name) => method(getOwnPropertyDescriptor(prototype, name).get);
    const typedArray = getPrototypeOf(Uint8Array.prototype);
    const tag = getter(typedArray, Symbol.toStringTag);
    const length = getter(typedArray, "length");
    const mapEach = method(Map.prototype.forEach);
    const setEach = method(Set.prototype.forEach);
    const functionText = method(Function.prototype.toString);
    // What an object is made of beside its properties, by the first of these that takes it.
    const inner = [
        ["RegExp", method(RegExp.prototype.toString), getter(RegExp.prototype, "global")],
        ["Date", (value) => text(method(Date.prototype.valueOf)(value))],
        ["Number", (value) => show(method(Number.prototype.valueOf)(value))],
        ["String", (value) => show(method(String.prototype.valueOf)(value))],
        ["Boolean", method(Boolean.prototype.valueOf)],
        ["Symbol", (value) => show(method(Symbol.prototype.valueOf)(value))],
        ["BigInt", (value) => show(method(BigInt.prototype.valueOf)(value))],
        ["ArrayBuffer", getter(ArrayBuffer.prototype, "byteLength")],
        ["DataView", getter(DataView.prototype, "byteLength")],
        ["Map", entries(mapEach, (value, key, seen) => `${show(key, seen)} => ${show(value, seen)}`)],
        ["Set", entries(setEach, (value, _, seen) => show(value, seen))],
    ];

    function entries(each, one) {
        return (value, seen) => {
            let all = "";
            each(value, (item, key) => { all += (all && ", ") + one(item, key, seen); });
            return `{${all}}`;
        };
    }

    function attempt(f) {
        try { return f(); } catch { return undefined; }
    }

    function content(value, seen) {
        for (let i = 0; i < inner.length; i++) {
            const [name, read, check] = inner[i];
            if (check && attempt(() => check(value)) === undefined) continue;
            const found = attempt(() => text(read(value, seen)));
            if (found !== undefined) return `${name}(${found})`;
        }
        return "";
    }

    function kind(value) {
        const prototype = getPrototypeOf(value);
        if (prototype === null) return "null";
        const made = attempt(() => prototype.constructor);
        const name = typeof made === "function" ? getOwnPropertyDescriptor(made, "name") : undefined;
        return name && typeof name.value === "string" ? name.value : "?";
    }

    function functionHead(value) {
        const isClass = attempt(() => functionText(value)[0] === "c" && functionText(value)[1] === "l");
        const own = (key) => {
            const property = getOwnPropertyDescriptor(value, key);
            return property && "value" in property ? show(property.value, []) : "-";
        };
        return `${isClass ? "class" : "function"} ${own("name")}/${own("length")}`;
    }

    function isError(value) {
        for (let at = getPrototypeOf(value); at !== null; at = getPrototypeOf(at)) {
            if (at === errorPrototype) return true;
        }
        return false;
    }
    const errorPrototype = Error.prototype;

    function head(value, seen) {
        if (typeof value === "function") return functionHead(value);
        if (attempt(() => isError(value))) return `${kind(value)} "${text(value.name)}: ${text(value.message)}"`;
        return `${kind(value)} ${content(value, seen)}`;
    }

    // Elements are shown as such, and these keys have been told already.
    function isTold(value, key) {
        if (typeof key === "symbol") return false;
        if (typeof value === "function") return key === "name" || key === "length" || key === "prototype"
            || key === "caller" || key === "arguments";
        return key === "stack" || (isArray(value) && key === "length") || (key === "message" && isError(value))
            || key === "lastIndex";
    }

    function property(value, key, seen) {
        const { value: held, get, set, writable, enumerable, configurable } = getOwnPropertyDescriptor(value, key);
        const flags = (enumerable ? "" : "-e") + (configurable ? "" : "-c") + (get || set || writable ? "" : "-w");
        const shown = get || set ? `${get ? "get " : ""}${set ? "set" : ""}` : show(held, seen);
        return `${flags}${flags && " "}${typeof key === "symbol" ? text(key) : key}: ${shown}`;
    }

    function properties(value, seen) {
        const keys = ownKeys(value);
        const size = attempt(() => length(value));
        if (tag(value) !== undefined) {
            let all = "";
            for (let i = 0; i < size; i++) all += (all && ", ") + show(value[i], seen);
            return `${tag(value)}[${all}]`;
        }
        let all = "";
        let hidden = 0;
        for (let i = 0; i < keys.length; i++) {
            if (isTold(value, keys[i])) continue;
            if (i - hidden > 300) { all += ", …"; break; }
            all += (all && ", ") + property(value, keys[i], seen);
        }
        return isArray(value) ? `[${value.length}| ${all}]` : `{${all}}`;
    }

    function show(value, seen = []) {
        switch (typeof value) {
            case "string": return stringify(value);
            case "number": return is(value, -0) ? "-0" : text(value);
            case "bigint": return `${text(value)}n`;
            case "symbol": return text(value);
            case "object": case "function": break;
            default: return text(value);
        }
        if (value === null) return "null";
        for (let i = 0; i < seen.length; i++) if (seen[i] === value) return `<${i}>`;
        if (seen.length > 6) return "…";
        const path = [];
        for (let i = 0; i < seen.length; i++) path[i] = seen[i];
        path[path.length] = value;
        return `${head(value, path)}${properties(value, path)}`;
    }

    function told(how, value) {
        try { return `${how} ${show(value)}`; } catch (error) { return `cannot be shown: ${text(error)}`; }
    }

    return (exports, program) => {
        let outcome = "never settles";
        const settle = (how) => (value) => { outcome = told(how, value); };
        exports.start = () => {
            try {
                const value = program();
                const isPromise = attempt(() => getPrototypeOf(value) === promise);
                if (isPromise) apply(then, value, [settle("returns"), settle("throws")]);
                else settle("returns")(value);
            } catch (error) {
                settle("throws")(error);
            }
            return "";
        };
        exports.outcome = () => outcome;
    };
})()
