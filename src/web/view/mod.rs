//! The values that templates show. They are computed here, so that templates have no logic.

mod address;
mod distributions;
mod elapsed;
mod frame;
mod freeze;
mod freshness;
mod last_refresh;
mod number;
mod picker;
mod queue;
mod rows;
mod site;
mod sort;
mod when;

pub use address::address;
pub use distributions::{
    Part, distribution, distributions, distributions_of, find_distributions, name_of, name_of_place,
    named_distribution, words,
};
pub use elapsed::ElapsedView;
pub use frame::{Frame, SideLink, Tab, frame};
pub use freeze::{FreezeView, FreezeWindowView, OverrideForm};
pub use freshness::freshness;
pub use last_refresh::LastRefreshView;
pub use number::{grouped, percent};
pub use picker::{Picker, PickerQuery as Offer, choose_by_words, picker};
pub use queue::{QueueView, all_waiting, starts_in, waiting};
pub use rows::{Flight, Row, RowContext, StatusView, rows};
pub use site::SiteAddress;
pub use sort::{SortHead, SortOrder};
pub use when::When;

use askama::Template;
use axum::response::Html;

use crate::http::error::HttpError;

/// Renders a page.
pub fn page(template: &impl Template) -> Result<Html<String>, HttpError> {
    Ok(Html(template.render()?))
}
