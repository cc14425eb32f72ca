//! API tokens.

pub mod token;
