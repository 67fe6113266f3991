//! What an expert writes by hand.

pub mod bare;
pub mod channel;
pub mod ops;
