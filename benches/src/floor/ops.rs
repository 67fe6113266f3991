//! Ops of deno_core by hand, and a bare runtime whose loops call them.

use deno_core::{Extension, JsRuntime, RuntimeOptions, op2, v8};

use crate::contracts::{Direct, Host, Line, Order, loops};

#[op2(fast)]
fn op_floor_add(a: f64, b: f64) -> f64 {
    Direct.add(a, b)
}

#[op2]
#[string]
fn op_floor_greet(#[string] name: &str) -> String {
    Direct.greet(name)
}

#[op2]
#[serde]
fn op_floor_order(#[serde] order: Order) -> Order {
    Direct.order(order)
}

#[op2]
#[serde]
fn op_floor_lines(#[serde] lines: Vec<Line>) -> Vec<Line> {
    Direct.lines(lines)
}

#[op2(fast)]
fn op_floor_size(#[buffer(copy)] bytes: Vec<u8>) -> f64 {
    Direct.size(bytes.into())
}

#[op2(fast)]
fn op_floor_lend(#[buffer] bytes: &[u8]) -> f64 {
    Direct.lend(bytes)
}

/// Loops that call ops.
pub struct BareLoops {
    run: v8::Global<v8::Function>,
    runtime: JsRuntime,
}

impl Default for BareLoops {
    fn default() -> Self {
        Self::new()
    }
}

impl BareLoops {
    /// Makes the runtime, and compiles the loops. Isolates of one thread are dropped in the reverse order.
    #[must_use]
    pub fn new() -> Self {
        let ops = vec![
            op_floor_add(),
            op_floor_greet(),
            op_floor_order(),
            op_floor_lines(),
            op_floor_size(),
            op_floor_lend(),
        ];
        let extension = Extension { name: "floor", ops: ops.into(), ..Extension::default() };
        let mut runtime =
            JsRuntime::new(RuntimeOptions { extensions: vec![extension], ..RuntimeOptions::default() });
        let source = format!(
            "(() => {{ const {{ op_floor_add, op_floor_greet, op_floor_order, op_floor_lines, op_floor_size, op_floor_lend }} = Deno.core.ops; {}
             return (name, turns) => loops[name](turns); }})()",
            loops("op_floor_")
        );
        let run = runtime.execute_script("loops.js", source).unwrap();
        let context = runtime.main_context();
        let run = {
            v8::scope_with_context!(let scope, runtime.v8_isolate(), &context);
            let run = v8::Local::new(scope, run).cast::<v8::Function>();
            v8::Global::new(scope, run)
        };
        Self { run, runtime }
    }

    /// Runs the loop of this name for so many turns.
    pub fn run(&mut self, name: &str, turns: f64) -> f64 {
        let context = self.runtime.main_context();
        v8::scope_with_context!(let scope, self.runtime.v8_isolate(), &context);
        let run = v8::Local::new(scope, &self.run);
        let arguments = [v8::String::new(scope, name).unwrap().into(), v8::Number::new(scope, turns).into()];
        let undefined = v8::undefined(scope).into();
        run.call(scope, undefined, &arguments).unwrap().number_value(scope).unwrap()
    }
}
