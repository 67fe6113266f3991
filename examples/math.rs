//! The shortest use: a Rust trait, a script that implements it, and a call.
//!
//! ```sh
//! cargo run --example math
//! ```

use sandbox_runtime::{Result, Sandbox, Script, sandbox_api};

#[sandbox_api]
pub trait MathApi {
    fn add(&self, a: f64, b: f64) -> Result<f64>;
    fn mul(&self, a: f64, b: f64) -> Result<f64>;
}

const SOURCE: &str = r#"
    export function add(a, b) { return a + b; }
    export function mul(a, b) { return a * b; }
"#;

fn main() -> Result<()> {
    let sandbox = Sandbox::builder().build()?;
    let math = sandbox.load::<dyn MathApi>(Script::new("math.js", SOURCE))?;
    let math: &dyn MathApi = &math;

    let sum = math.add(2.0, 3.0)?;
    let product = math.mul(2.0, 3.0)?;
    println!("2 + 3 = {sum}");
    println!("2 * 3 = {product}");

    assert_eq!(sum, 5.0);
    assert_eq!(product, 6.0);
    Ok(())
}
