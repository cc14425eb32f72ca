//! Commands on distributions.

pub(crate) mod host_table;
pub(crate) mod look_around;
pub(crate) mod protect_distribution;
pub(crate) mod refresh_distributions;

pub use host_table::host_table;
pub use look_around::look_around;
pub use protect_distribution::protect_distribution;
pub use refresh_distributions::refresh_distributions;
