//! The JavaScript between a guest and the ops of a contract.
//!
//! A method whose types are all scalars has a fast op, which V8 calls directly with C values. Its shim checks the types in
//! JavaScript, where the JIT removes the check from a hot loop. When the check fails, the shim calls the checked op, which
//! reads the arguments in Rust and reports what is wrong. All other methods have the checked op only. At run time a shim
//! uses only the functions that it closes over. So a guest that changes a prototype does not change the shim.

use std::fmt::Write as _;

use sandbox_core::contract::{ContractSpec, Kind, MethodSpec};
use sandbox_core::spec::HandleForm;

use super::disabled_defenses;
use super::state::op::{Gives, HandleCall, HostOp, ScalarTypes};

/// The parameters of a shim: the fast ops, the checked ops, `Object.freeze`, the array with a fast op's result, and the
/// function that throws for it.
pub(crate) const PARAMETERS: [&str; 5] = ["fast", "checked", "freeze", "returned", "refused"];

/// The parameters of the shim of handles: the checked ops, the function that ends a handle, `Object.freeze`, `Symbol.dispose`,
/// and the list of what streams need; see `HandleShims`. The last three are those of [`PARAMETERS`].
pub(crate) const HANDLE_PARAMETERS: [&str; 8] =
    ["checked", "release", "freeze", "dispose", "lent", "fast", "returned", "refused"];

/// The body of the function that makes the functions of guests' streams. Its parameter is `lent`.
pub(crate) const GUEST_STREAM: &str = include_str!("shim/guest_stream.js");

/// The prefix of the names of shims, in stacks.
const SCHEME: &str = "sandbox:";

/// The name of a contract's shim.
pub(crate) fn script_name(spec: &ContractSpec) -> String {
    script(&spec.name)
}

/// The name of a script of the runtime.
pub(crate) fn script(name: &str) -> String {
    format!("{SCHEME}{name}")
}

/// Whether a script is a shim. No stack shows a shim's frames.
pub(crate) fn is_shim(script: &str) -> bool {
    script.starts_with(SCHEME)
}

/// The body of the function that makes the guest's global for a contract.
pub(crate) fn source(spec: &ContractSpec, ops: &[HostOp]) -> String {
    let mut out = constants(ops.iter().map(|op| op.gives().is_some()));
    out.push_str("const api = {\n  __proto__: null,\n");
    for (index, (method, op)) in spec.methods.iter().zip(ops).enumerate() {
        out.push_str(&documentation(&method.docs));
        out.push_str(&function(index, (name(spec, method), method), op.gives()));
    }
    out.push_str("};\n");
    for method in &*spec.methods {
        _ = writeln!(out, "freeze(api.{});", name(spec, method));
    }
    match spec.is_function {
        true => _ = writeln!(out, "return api.{};", spec.name),
        false => out.push_str("return freeze(api);\n"),
    }
    out
}

/// The constants of the ops, each with or without a fast function. The parameters become constants, because V8 compiles a parameter
/// as a variable.
fn constants(ops: impl Iterator<Item = bool> + Clone) -> String {
    let mut out = String::from("\"use strict\";\n");
    if ops.clone().any(|is_fast| is_fast) {
        out.push_str("const results = returned, refuse = refused;\n");
    }
    for (index, is_fast) in ops.enumerate() {
        if is_fast {
            _ = writeln!(out, "const fast{index} = fast[{index}];");
        }
        _ = writeln!(out, "const checked{index} = checked[{index}];");
    }
    out
}

/// The name of a method's function. A global function has the name of the global.
fn name<'s>(spec: &'s ContractSpec, method: &'s MethodSpec) -> &'s str {
    if spec.is_function { &spec.name } else { &method.name }
}

/// The body of the function that makes the class of a contract's handles. The function returns two functions and the prototype
/// of the objects. One function makes an object with a number, and one gives the number of an object, or 0.
///
/// The number is a private field, so it cannot be read, changed, or given to another object. The field is put on an object
/// whose only prototype has the methods. So no property of an object leads to the class. An op takes the number behind the
/// arguments of its method. `calls` are the fast calls of the methods, in their order.
pub(in crate::isolate) fn handle_source(spec: &ContractSpec, calls: &[Option<HandleCall>]) -> String {
    match spec.form {
        HandleForm::Methods => methods_source(spec, calls),
        HandleForm::Stream => include_str!("shim/stream.js").to_owned(),
        HandleForm::Items => include_str!("shim/items.js").to_owned(),
        HandleForm::Function => callback_source(spec, calls),
    }
}

fn methods_source(spec: &ContractSpec, calls: &[Option<HandleCall>]) -> String {
    let mut out = constants(calls.iter().map(Option::is_some));
    out.push_str("const fail = lent[3];\nlet api;\n");
    // A contract may have the name of a parameter, so the class has one of its own.
    out.push_str("class Class extends (function (object) { return object; }) {\n");
    out.push_str("  #number;\n  constructor(object, number) { super(object); this.#number = number; }\n");
    out.push_str("  static number(value) { return #number in value ? value.#number : 0; }\n");
    out.push_str("  static {\n");
    out.push_str(
        "  const is = (value) => typeof value === \"object\" && value !== null && #number in value;\n",
    );
    out.push_str("  api = {\n  __proto__: null,\n");
    for (index, (method, call)) in spec.methods.iter().zip(calls).enumerate() {
        let (name, parameters) = (&method.name, parameters(method));
        let arguments = with_number(&parameters, "this.#number");
        out.push_str(&documentation(&method.docs));
        let check = checks_this(&format!("{}.{name}", spec.name));
        let body = body(index, &arguments, call.as_ref().map(|call| &call.types));
        _ = writeln!(out, "  {name}({parameters}) {{\n    {check}\n{body}  }},");
    }
    out.push_str("  };\n  if (dispose !== void 0) {\n");
    let check = checks_this(&format!("{}[Symbol.dispose]", spec.name));
    _ = writeln!(out, "    api[dispose] = {{ dispose() {{ {check} release(this.#number); }} }}.dispose;");
    out.push_str("    freeze(api[dispose]);\n  }\n  }\n}\n");
    for method in &*spec.methods {
        _ = writeln!(out, "freeze(api.{});", method.name);
    }
    out.push_str("freeze(api);\nconst { number } = Class;\n");
    out.push_str("return [(number) => freeze(new Class({ __proto__: api }, number)), number, api];\n");
    out
}

/// Refuses a `this` that is no object of the class, which would be an error about a private field.
fn checks_this(name: &str) -> String {
    let text = format!(
        "{name} was called with another `this`: call it as a method of the object that the host gave"
    );
    format!("if (!is(this)) fail({text:?});")
}

/// The body of the function that makes the functions of a callback's contract, which has one method. The result is as of
/// [`handle_source`], and a function has no method to end it.
fn callback_source(spec: &ContractSpec, calls: &[Option<HandleCall>]) -> String {
    let parameters = spec.methods.first().map(parameters).unwrap_or_default();
    let arguments = with_number(&parameters, "number");
    let body = body(0, &arguments, calls.first().and_then(Option::as_ref).map(|call| &call.types));
    let constants = constants(calls.iter().map(Option::is_some));
    format!(
        r#"{constants}class Callback extends (function (object) {{ return object; }}) {{
  #number;
  constructor(object, number) {{ super(object); this.#number = number; }}
  static number(value) {{ return #number in value ? value.#number : 0; }}
}}
const number = Callback.number;
return [(number) => {{
  const {{ call }} = {{ __proto__: null, call({parameters}) {{
{body}  }} }};
  new Callback(call, number);
  return freeze(call);
}}, number];
"#
    )
}

/// The parameters of a method.
fn parameters(method: &MethodSpec) -> String {
    (0..method.arity()).map(|at| format!("a{at}")).collect::<Vec<_>>().join(", ")
}

/// The arguments for an op of a handle: the parameters, and the number of the handle.
fn with_number(parameters: &str, number: &str) -> String {
    if parameters.is_empty() { number.to_owned() } else { format!("{parameters}, {number}") }
}

/// The body of a function that calls an op of a handle.
fn body(index: usize, arguments: &str, types: Option<&ScalarTypes>) -> String {
    let checked = format!("checked{index}({arguments})");
    match types {
        None => format!("    return {checked};\n"),
        Some((kinds, gives)) => {
            guarded(kinds.iter().copied(), &checked) + &fast_call(index, arguments, *gives)
        }
    }
}

/// The checked call, where the arguments cannot be passed as C values.
fn guarded(kinds: impl Iterator<Item = Kind>, checked: &str) -> String {
    let checks = kinds.enumerate().filter_map(|(at, kind)| check(&format!("a{at}"), kind));
    let checks = checks.collect::<Vec<_>>().join(" && ");
    match checks.is_empty() {
        true => String::new(),
        false => format!("    if (!({checks})) return {checked};\n"),
    }
}

fn documentation(docs: &str) -> String {
    if docs.is_empty() {
        return String::new();
    }
    let lines =
        docs.lines().map(|line| format!("   * {}", line.replace("*/", "*\\/")).trim_end().to_owned() + "\n");
    format!("  /**\n{}   */\n", lines.collect::<String>())
}

fn function(index: usize, (name, method): (&str, &MethodSpec), gives: Option<Gives>) -> String {
    let arguments = parameters(method);
    let checked = match disabled_defenses::GUEST_PRIMORDIALS {
        true => disabled_defenses::naive_call(index, &arguments),
        false => format!("checked{index}({arguments})"),
    };
    let Some(gives) = gives else { return format!("  {name}({arguments}) {{ return {checked}; }},\n") };
    let guard = guarded(method.params.iter().map(|param| param.kind), &checked);
    format!("  {name}({arguments}) {{\n{guard}{}  }},\n", fast_call(index, &arguments, gives))
}

/// A call of a fast op. When V8 calls the slow function instead, that function returns the result or throws. The C function
/// returns `undefined`.
fn fast_call(index: usize, arguments: &str, gives: Gives) -> String {
    let result = match gives {
        Gives::Nothing => "",
        Gives::Bool => "    return result === 1;\n",
        Gives::Number => "    return result;\n",
    };
    format!(
        "    const slow = fast{index}({arguments});\n    if (slow !== void 0) return slow;\n    const result = results[0];\n    \
         if (result !== result) refuse();\n{result}"
    )
}

/// The condition under which an argument can be passed as a C value. The type is tested first, because an operator on
/// anything but a Number may throw, or run code of the guest.
fn check(name: &str, kind: Kind) -> Option<String> {
    let number = format!("typeof {name} === \"number\"");
    Some(match kind {
        Kind::Bool => format!("typeof {name} === \"boolean\""),
        Kind::Number => number,
        Kind::Integer { min: 0, max } if max == i64::from(u32::MAX) => {
            format!("{number} && ({name} >>> 0) === {name}")
        }
        Kind::Integer { min, max } if (min, max) == (i64::from(i32::MIN), i64::from(i32::MAX)) => {
            format!("{number} && ({name} | 0) === {name}")
        }
        Kind::Integer { min, max } => {
            format!("{number} && ({name} | 0) === {name} && {name} >= {min} && {name} <= {max}")
        }
        // A value, and what later versions add.
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_integer_is_checked_with_its_range() {
        let byte = Kind::Integer { min: 0, max: 255 };
        assert_eq!(
            check("a", byte).as_deref(),
            Some("typeof a === \"number\" && (a | 0) === a && a >= 0 && a <= 255")
        );
        let word = Kind::Integer { min: 0, max: i64::from(u32::MAX) };
        assert_eq!(check("a", word).as_deref(), Some("typeof a === \"number\" && (a >>> 0) === a"));
        let int = Kind::Integer { min: i64::from(i32::MIN), max: i64::from(i32::MAX) };
        assert_eq!(check("a", int).as_deref(), Some("typeof a === \"number\" && (a | 0) === a"));
    }

    #[test]
    fn a_doc_comment_cannot_end_the_comment_it_is_put_in() {
        assert!(!documentation("evil */ globalThis.x = 1 /*").contains("evil */"));
    }
}
