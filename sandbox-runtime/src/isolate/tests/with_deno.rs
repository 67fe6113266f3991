//! The realm that deno_core makes, and its ops.

use super::super::run::entry::Entered;
use super::*;

/// The realm that deno_core made has the ops as well, and no guest has that realm.
#[test]
fn host_methods_are_ops_of_an_extension() {
    let settings = settings();
    let stack = StackEnd::below_here(settings.limits.stack);
    let host = Host::new::<dyn Sum>(Box::new(Plus)).expect("it has no patterns");
    let isolate = Isolate::new(settings, vec![host], stack).expect("it can be built");
    let (names, host_realm) = {
        let live = isolate.live.borrow();
        let runtime = &live.as_ref().expect("it lives").runtime;
        (runtime.0.op_names(), runtime.host_realm().expect("deno_core has a realm"))
    };
    let names = names.iter().filter(|name| name.starts_with("op_sandbox_")).collect::<Vec<_>>();
    assert!(
        matches!(&names[..], [sum, join] if sum.ends_with("_Sum_sum") && join.ends_with("_Sum_join")),
        "{names:?}"
    );
    let script = format!("Deno.core.ops.{}(1, 2) + Deno.core.ops.{}('a', 'b')", names[0], names[1]);
    let main = isolate.main_realm().expect("it lives");
    // An op answers inside of a call only.
    let answered = isolate.run(&main, CODE, |scope| {
        let context = v8::Local::new(scope, &host_realm);
        let scope = &mut v8::ContextScope::new(scope, context);
        let script = v8::String::new(scope, &script).expect("it is short");
        let value = v8::Script::compile(scope, script, None).and_then(|script| script.run(scope));
        Ok(value.expect("the ops can be called").to_rust_string_lossy(scope))
    });
    assert_eq!(answered.expect("it runs"), "3ab");
}

#[test]
fn no_op_of_deno_core_does_anything() {
    let settings = settings();
    let stack = StackEnd::below_here(settings.limits.stack);
    let isolate = Isolate::new(settings, Vec::new(), stack).expect("it can be built");
    let mut live = isolate.live.borrow_mut();
    let live = live.as_mut().expect("it lives");
    // An op that is async gives a promise, or nothing when it has refused at once.
    let script = "
        const { ops } = Deno.core;
        const refused = (error) => error.message === 'a sandbox has no such op';
        globalThis.answered = [];
        const call = (name) => {
            try {
                const result = ops[name](1, 2, 3);
                if (!(result instanceof Promise)) return answered.push(name);
                result.then(() => answered.push(name), (error) => refused(error) || answered.push(name));
            } catch (error) {
                if (!refused(error)) answered.push(name);
            }
        };
        const names = Object.keys(ops).filter((name) => !name.startsWith('op_canary'));
        names.forEach(call);
        globalThis.many = names.length > 50 ? 'many' : names.length;";
    let mut allowed = super::super::state::runtime::built_in::ALLOWED.to_vec();
    allowed.sort_unstable();
    let expected = format!("many {}", allowed.join(" "));
    let _entered = Entered::new(&isolate, live.raw);
    live.runtime.0.execute_script("ops.js", script).expect("it catches everything");
    live.runtime.isolate().perform_microtask_checkpoint();
    let list = "[many, ...answered.sort()].join(' ')";
    let value = live.runtime.0.execute_script("list.js", list).expect("it is there");
    v8::scope_with_context!(let scope, live.runtime.isolate(), &live.realm.context);
    assert_eq!(v8::Local::new(scope, value).to_rust_string_lossy(scope), expected);
}
