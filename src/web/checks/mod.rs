//! Checks on the pages: what was seen of each URL, the button that looks again, and the settings.

mod api_fields;
mod changes;
mod check_up;
mod header_lines;
mod look_again;
mod look_view;
mod panel;
mod places;
mod section;
mod settings;
mod settings_form;

pub use changes::{ChangesSection, changed_link, look_for_changes};
pub use check_up::{ask_for_check_up, show_check_up};
pub use look_again::{check_distribution, check_invalidation};
pub use panel::CheckPanel;
pub use section::{ChecksSection, section};
pub use settings::{set, show};
