use sandbox_runtime::{Result, sandbox_api};

/// Arithmetic.
#[sandbox_api]
pub trait MathApi {
    /// The sum.
    fn add(&self, a: f64, b: f64) -> Result<f64>;
    fn is_even(&self, n: i32) -> Result<bool>;
    fn reset(&self) -> Result<()>;
}
