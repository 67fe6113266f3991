//! Recursion of the engine, and of the layer over it, that does not look at the stack.
//!
//! The engine compares the stack pointer with its limit when it reads a token, calls a function or converts a value. Three
//! kinds of recursion have no such check, and would run past the end of the thread's stack:
//!
//! - Passes of the compiler that follow the parser visit functions in functions: [`UNCHECKED_PER_KIB`] reserves stack.
//! - The layer looks for imports in a module's text, and visits templates in templates: [`with_scan_stack`].
//! - Built-ins that call themselves over objects of the guest, one level an object: [`bound_recursion`].
//!
//! The list was made from the call graph of the engine's C code: all cycles without a check, with their frame sizes.

use deno_core::v8;

use super::run;

/// The bytes that the engine uses beyond a guest's stack, for each KiB of it.
///
/// The parser needs at least 240 bytes for a function in a function. The passes after it need up to 320 bytes, and check
/// nothing. So they use up to a third more than the parser, which stops at the limit.
pub(crate) const UNCHECKED_PER_KIB: usize = 512;

/// The most bytes of stack that the layer's scan uses for a template in a template. An unoptimised build uses 192.
const SCAN_FRAME: usize = 512;

/// The number of substitutions for which any stack has room.
const FEW_SUBSTITUTIONS: usize = 128;

/// The greatest number of substitutions (`${`) in a module. The scan of more would need more than 64 MiB of stack.
const MOST_SUBSTITUTIONS: usize = (64 << 20) / SCAN_FRAME;

/// Compiles a module, on a stack that is large enough for the layer's scan of `source`. `None` when there is no such stack.
///
/// The scan begins one level for each template that is inside of a substitution, so the number of substitutions is a
/// bound of the depth. The engine's parser does not run here: it runs when the module is linked.
pub(crate) fn with_scan_stack<R>(source: &str, compile: impl FnOnce() -> R) -> Option<R> {
    match source.matches("${").count() {
        0..=FEW_SUBSTITUTIONS => Some(compile()),
        many @ ..=MOST_SUBSTITUTIONS => Some(stacker::grow((many + 1024) * SCAN_FRAME, compile)),
        _ => None,
    }
}

/// The number of open brackets from which on a syntax error may come from a full stack.
const DEEP: usize = 200;

/// Whether a syntax error may hide a full stack: a few rules of the parser replace the error of a full stack by their own.
/// The least stack has room for more than [`DEEP`] brackets of any kind.
pub(crate) fn hides_full_stack(message: &str, source: &str) -> bool {
    const OF_REGEXPS: [&str; 2] = ["stack overflow", "too many captures"];
    !OF_REGEXPS.iter().any(|text| message.ends_with(text)) && depth(source) > DEEP
}

/// The greatest number of brackets that are open at once. Brackets in strings and comments count too.
fn depth(source: &str) -> usize {
    let depths = source.bytes().scan(0_usize, |depth, byte| {
        *depth = match byte {
            b'(' | b'[' | b'{' => *depth + 1,
            b')' | b']' | b'}' => depth.saturating_sub(1),
            _ => *depth,
        };
        Some(*depth)
    });
    depths.max().unwrap_or(0)
}

/// Makes built-ins of the realm look at the stack, or refuse a depth for which they would need too much.
///
/// - The engine calls the `next` of an iterator helper, of a wrapped iterator and of `Iterator.concat` directly when
///   another such iterator is its source. A function of JavaScript in its place is called with a check.
/// - `instanceof` follows a function that is bound again and again, at 144 bytes a level. `bind` refuses the 501st level.
pub(crate) fn bound_recursion(scope: &v8::PinScope<'_, '_>) -> Option<()> {
    const SOURCE: &str = r#"
        "use strict";
        const { apply } = Reflect;
        const { defineProperty, getOwnPropertyDescriptor, getPrototypeOf } = Object;
        const replace = (home, name, functions) => {
            const own = getOwnPropertyDescriptor(home, name);
            if (own === undefined) return;
            const value = functions(own.value)[name];
            defineProperty(value, "length", { value: own.value.length });
            defineProperty(home, name, { ...own, value });
        };
        const checked = (original) => ({
            next() { return apply(original, this, arguments); },
            return() { return apply(original, this, arguments); },
        });
        const sources = [[].values().map((x) => x), Iterator.from({ next() {} }), Iterator.concat?.()];
        for (const source of sources) {
            if (source === undefined) continue;
            replace(getPrototypeOf(source), "next", checked);
            replace(getPrototypeOf(source), "return", checked);
        }
        const depths = new WeakMap(), { get, set } = WeakMap.prototype, Full = RangeError;
        replace(Function.prototype, "bind", (original) => ({
            bind(self) {
                const depth = (apply(get, depths, [this]) ?? 0) + 1;
                if (depth > 500) throw new Full("Maximum call stack size exceeded");
                const bound = apply(original, this, arguments);
                apply(set, depths, [bound, depth]);
                return bound;
            },
        }));
    "#;
    run(scope, SOURCE).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_are_counted_while_they_are_open() {
        assert_eq!(depth("f([{}], (1))"), 3);
        assert_eq!(depth(")]}(("), 2);
        assert!(hides_full_stack("SyntaxError: missing formal parameter", &"{".repeat(DEEP + 1)));
        assert!(!hides_full_stack("SyntaxError: missing formal parameter", &"{}".repeat(DEEP)));
        assert!(!hides_full_stack("SyntaxError: stack overflow", &"(".repeat(DEEP + 1)));
    }

    #[test]
    fn a_scan_gets_a_stack_for_its_templates_or_none() {
        for many in [0, FEW_SUBSTITUTIONS + 1, MOST_SUBSTITUTIONS] {
            assert_eq!(with_scan_stack(&"${".repeat(many), || many), Some(many));
        }
        assert_eq!(with_scan_stack(&"${".repeat(MOST_SUBSTITUTIONS + 1), || ()), None);
    }
}
