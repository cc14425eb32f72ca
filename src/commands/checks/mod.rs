//! Commands about checks: their settings, and looks that somebody asks for.

mod check_again;
mod check_distribution;
mod set_check_settings;

pub use check_again::check_again;
pub use check_distribution::check_distribution;
pub use set_check_settings::set_check_settings;
