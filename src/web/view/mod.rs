//! What templates show: plain values, worked out here, so that templates hold no logic.

mod distributions;
mod frame;
mod picker;
mod queue;
mod rows;
mod when;

pub use distributions::{Part, distribution, distributions, find_distributions, named_distribution, words};
pub use frame::{Frame, SideLink, Tab, frame};
pub use picker::{Picker, PickerQuery as Offer, choose_by_words, picker};
pub use queue::{QueueView, waiting};
pub use rows::{Flight, Row, RowContext, StatusView, rows};
pub use when::When;

use askama::Template;
use axum::response::Html;

use super::error::WebError;

/// Renders a page.
pub fn page(template: &impl Template) -> Result<Html<String>, WebError> {
    Ok(Html(template.render()?))
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    title: &'a str,
    advice: &'a str,
    request_id: &'a str,
}

/// An error page; it needs neither a session nor the database.
pub fn error_page(title: &str, advice: &str, request_id: &str) -> String {
    let page = ErrorPage { title, advice, request_id };
    page.render().unwrap_or_else(|_| format!("{title}\n\n{advice}\n\nRequest {request_id}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_page_is_inert() {
        let page = error_page("<script>", "a & b", "0197");
        assert!(page.contains("&#60;script&#62;") && page.contains("0197"), "{page}");
        assert!(!page.contains("<script>"));
    }
}
