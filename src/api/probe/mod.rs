//! What is for probes: their work, and their looks. Only a probe's token opens it, and it opens nothing else.

mod caller;
pub(crate) mod results;
pub mod wire;
pub(crate) mod work;

pub use caller::require_probe;
