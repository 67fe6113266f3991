//! WebAssembly through Wasmtime: no JavaScript, but what a guest that was compiled beforehand would cost.
//!
//! Its documentation says of `Func::typed`: "If speed is desired then this function is recommended to be used instead
//! of `Func::call`"; of the components' `TypedFunc`: "the most optimized way to call a WebAssembly component". Both
//! are used here, and `Func::wrap` for what the guest calls.
//!
//! `order` is left out: WebAssembly has no objects, and a component's record is laid out by the host for a guest that
//! names each field: a guest written by hand would skip the work that JavaScript does there.

use std::hint::black_box;
use std::time::Instant;

use measure::Peer;
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Func, Instance, Module, Result, Store, TypedFunc};

/// `add`, and nothing else, for `start` as well.
const ADD: &str = r#"(module
  (func (export "add") (param f64 f64) (result f64)
    (f64.add (local.get 0) (local.get 1))))"#;

/// `greet`. A module has no strings: the host writes the name to 1024 and reads the greeting, whose length is returned,
/// from 2048.
const GREET: &str = r#"(module
  (memory (export "memory") 1)
  (data (i32.const 16) "Hello, ")
  (func (export "greet") (param $length i32) (result i32)
    (memory.copy (i32.const 2048) (i32.const 16) (i32.const 7))
    (memory.copy (i32.const 2055) (i32.const 1024) (local.get $length))
    (i32.add (local.get $length) (i32.const 7))))"#;

/// `greet` as a component, which has strings. Its memory is a stack that starts anew after each call.
const GREET_COMPONENT: &str = r#"(component
  (core module $module
    (memory (export "memory") 1)
    (data (i32.const 16) "Hello, ")
    (global $top (mut i32) (i32.const 1024))
    (func (export "realloc") (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
      (local $new i32)
      (local.set $new (i32.and (i32.add (global.get $top) (i32.const 7)) (i32.const -8)))
      (global.set $top (i32.add (local.get $new) (local.get $size)))
      (local.get $new))
    (func (export "greet") (param $name i32) (param $length i32) (result i32)
      (memory.copy (global.get $top) (i32.const 16) (i32.const 7))
      (memory.copy (i32.add (global.get $top) (i32.const 7)) (local.get $name) (local.get $length))
      (i32.store (i32.const 0) (global.get $top))
      (i32.store (i32.const 4) (i32.add (local.get $length) (i32.const 7)))
      (i32.const 0))
    (func (export "done") (param i32)
      (global.set $top (i32.const 1024))))
  (core instance $instance (instantiate $module))
  (func (export "greet") (param "name" string) (result string)
    (canon lift (core func $instance "greet")
      (memory (core memory $instance "memory"))
      (realloc (core func $instance "realloc"))
      (post-return (core func $instance "done")))))"#;

/// `host_add`: the loop that calls the host.
const RUN: &str = r#"(module
  (import "host" "add" (func $add (param f64 f64) (result f64)))
  (func (export "run") (param $n i32) (result f64)
    (local $i i32)
    (local $sum f64)
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $i) (local.get $n)))
        (local.set $sum (call $add (local.get $sum) (f64.const 1.5)))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $next)))
    (local.get $sum)))"#;

type Add = TypedFunc<(f64, f64), f64>;

fn main() -> Result<()> {
    let peer = Peer::of_crate("wasmtime");
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());

    // `add`: two numbers in, one out.
    let module = Module::new(&engine, ADD)?;
    let add: Add = Instance::new(&mut store, &module, &[])?.get_typed_func(&mut store, "add")?;
    assert_eq!(add.call(&mut store, (1.5, 2.25))?, 3.75);
    peer.calls("add", "WebAssembly", 1_000_000, || add.call(&mut store, black_box((1.5, 2.25))));

    // `greet`: ten bytes in as a `&str`, a new `String` out; by hand, through the memory of a module.
    let greet_module = Module::new(&engine, GREET)?;
    let instance = Instance::new(&mut store, &greet_module, &[])?;
    let greet: TypedFunc<u32, u32> = instance.get_typed_func(&mut store, "greet")?;
    let memory = instance.get_memory(&mut store, "memory").expect("exported");
    let mut call_greet = |name: &str| -> Result<String> {
        memory.write(&mut store, 1024, name.as_bytes())?;
        let length = greet.call(&mut store, name.len() as u32)? as usize;
        let mut greeting = vec![0; length];
        memory.read(&store, 2048, &mut greeting)?;
        Ok(String::from_utf8(greeting)?)
    };
    assert_eq!(call_greet("0123456789")?, "Hello, 0123456789");
    peer.calls("greet", "WebAssembly, through its memory by hand", 200_000, || {
        call_greet(black_box("0123456789"))
    });

    // The same by the component model, which does by itself what is done by hand above.
    let component = Component::new(&engine, GREET_COMPONENT)?;
    let instance = Linker::new(&engine).instantiate(&mut store, &component)?;
    let greet = instance.get_typed_func::<(&str,), (String,)>(&mut store, "greet")?;
    assert_eq!(greet.call(&mut store, ("0123456789",))?.0, "Hello, 0123456789");
    peer.used_as("wasmtime-component").calls("greet", "WebAssembly, a typed component", 200_000, || {
        greet.call(&mut store, (black_box("0123456789"),))
    });

    // `host_add`: the guest's loop calls a function of the host in each turn.
    let host_add = Func::wrap(&mut store, |a: f64, b: f64| a + b);
    let run_module = Module::new(&engine, RUN)?;
    let run = Instance::new(&mut store, &run_module, &[host_add.into()])?;
    let run: TypedFunc<u32, f64> = run.get_typed_func(&mut store, "run")?;
    assert_eq!(run.call(&mut store, 4)?, 6.0);
    peer.turns("host_add", "WebAssembly", 1_000_000, |turns| run.call(&mut store, turns));

    // `start`: an engine, the module compiled from its text, an instance, one call. Whoever starts many of one module
    // compiles it once; what is left then is in the note.
    let instantiate = || start(&engine, &module);
    assert_eq!(instantiate()?.1, 3.75);
    let best = (0..1_000).map(|_| {
        let begun = Instant::now();
        let started = black_box(instantiate());
        let elapsed = begun.elapsed();
        drop(started);
        elapsed
    });
    let best = best.min().unwrap_or_default().as_nanos();
    let note =
        format!("WebAssembly, compiled here; with an engine and a module made before, {best} ns at best");
    let compile = || {
        let engine = Engine::default();
        let module = Module::new(&engine, ADD)?;
        start(&engine, &module)
    };
    peer.starts(&note, 50, compile, || {});
    Ok(())
}

fn start(engine: &Engine, module: &Module) -> Result<(Store<()>, f64)> {
    let mut store = Store::new(engine, ());
    let instance = Instance::new(&mut store, module, &[])?;
    let add: Add = instance.get_typed_func(&mut store, "add")?;
    let sum = add.call(&mut store, (1.5, 2.25))?;
    Ok((store, sum))
}
