//! Isolates of ours and of others on one thread.

use super::*;

/// Runs something in an isolate that is not ours.
fn works(isolate: &mut v8::OwnedIsolate) {
    v8::scope!(let scope, isolate);
    let context = v8::Context::new(scope, v8::ContextOptions::default());
    let scope = &mut v8::ContextScope::new(scope, context);
    let source = v8::String::new(scope, "[1, 2].map((n) => n * 2).join()").expect("it is short");
    let script = v8::Script::compile(scope, source, None).expect("it is a script");
    assert_eq!(script.run(scope).expect("it runs").to_rust_string_lossy(scope), "2,4");
}

fn call(isolate: &Rc<Isolate>) {
    let main = isolate.main_realm().expect("it lives");
    let sum = isolate.run(&main, CODE, |scope| {
        let sum = v8::Number::new(scope, 1.0).value() + v8::Number::new(scope, 2.0).value();
        Ok((sum, scope.get_current_context() == v8::Local::new(scope, &main.context)))
    });
    assert_eq!(sum.expect("it runs"), (3.0, true));
}

fn isolate() -> Rc<Isolate> {
    let settings = settings();
    let stack = StackEnd::below_here(settings.limits.stack);
    Isolate::new(settings, Vec::new(), stack).expect("it can be built")
}

/// An isolate that stays entered between calls disturbs no other, in any order of making and
/// dropping.
#[test]
fn isolates_of_others_come_and_go_in_any_order() {
    let [one, other] = [isolate(), isolate()];
    call(&one);
    let mut above = v8::Isolate::new(v8::CreateParams::default());
    works(&mut above);
    call(&one);
    call(&other);
    works(&mut above);
    // The isolate has been beneath the foreign one since its first call.
    drop(one);
    works(&mut above);
    call(&other);
    drop(above);
    call(&other);
    let mut next = v8::Isolate::new(v8::CreateParams::default());
    call(&other);
    drop(other);
    works(&mut next);
    drop(next);
    call(&isolate());
    // No isolate of ours is left entered, so this one is at the bottom.
    let mut first = v8::Isolate::new(v8::CreateParams::default());
    let last = isolate();
    call(&last);
    works(&mut first);
    drop(last);
    works(&mut first);
}

/// A host method may call another sandbox of the thread, which may make a third.
#[test]
fn a_call_inside_of_a_call_of_another_isolate_leaves_both_entered() {
    let [one, other] = [isolate(), isolate()];
    let main = one.main_realm().expect("it lives");
    call(&one);
    let nested = one.run(&main, CODE, |scope| {
        call(&other);
        let third = isolate();
        call(&third);
        call(&one);
        drop(third);
        Ok(v8::Number::new(scope, 1.0).value())
    });
    assert_eq!(nested.expect("it runs"), 1.0);
    call(&other);
    call(&one);
}
