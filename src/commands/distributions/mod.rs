//! Commands on distributions.

pub(crate) mod look_around;
pub(crate) mod plan_to_show;
pub(crate) mod planning;
pub(crate) mod protect_distribution;
pub(crate) mod refresh_distributions;
pub(crate) mod set_path_mappings;
pub(crate) mod staging;

pub use plan_to_show::{PlanQuestion, PlanToShow, plan_to_show};
pub use planning::{PlacedInput, item_lines, place, plan};
pub use protect_distribution::protect_distribution;
pub use refresh_distributions::refresh_distributions;
pub use set_path_mappings::{add_path_mapping, set_path_mappings};
pub use staging::{PlannedParts, primary_of, staging_of, with_staging};
