//! API tokens, and the tokens of probes.

pub mod probe;
pub mod secret;
pub mod token;
