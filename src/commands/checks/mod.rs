//! Commands about checks: their settings, looks that somebody asks for, and those of probes.

mod ask_for_check_up;
mod check_again;
mod check_distribution;
mod give_probe_work;
mod hand_in_looks;
mod look_for_changes;
mod set_check_settings;

pub use ask_for_check_up::ask_for_check_up;
pub use check_again::check_again;
pub use check_distribution::check_distribution;
pub use give_probe_work::{ProbeWork, give_probe_work};
pub use hand_in_looks::hand_in_looks;
pub use look_for_changes::look_for_changes;
pub use set_check_settings::set_check_settings;
