use sandbox_runtime::{Error, Result, sandbox_api};

/// Prices usage.
#[sandbox_api(guest)]
pub(crate) trait Rule {
    /// The price without tax.
    fn net(&self, quantity: u32) -> Result<f64>;
    /// A guest that says nothing of taxes has this one.
    fn tax_rate(&self, country: &str) -> Result<f64> {
        Ok(if country == "CH" { 0.081 } else { 0.19 })
    }
    /// Optional too; calls what the guest exports.
    #[cfg(all(not(target_os = "none"), not(target_os = "emscripten")))]
    fn gross(&self, quantity: u32, country: &str) -> Result<f64, Error> {
        Ok(self.net(quantity)? * (1.0 + self.tax_rate(country)?))
    }
    #[sandbox(on_failure = default)]
    fn label(&self) -> String;
    #[sandbox(on_failure = value(100 - discount))]
    fn percent(&self, discount: u8) -> u8;
    #[sandbox(on_failure = panic, rename = "assertSane")]
    fn assert_sane(&self);
}
