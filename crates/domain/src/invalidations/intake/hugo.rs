//! Reads the counts that `hugo` prints. They name no file.

use super::{SkipReason, context::Context, found::Found};

/// The rows of the table.
const ROWS: [&str; 8] = [
    "Pages",
    "Paginator pages",
    "Non-page files",
    "Static files",
    "Processed images",
    "Aliases",
    "Sitemaps",
    "Cleaned",
];

pub(super) fn read(body: &str, context: &Context) -> Option<Found> {
    (context.hugo && is_message(body.trim())).then(|| Found::skipped(SkipReason::Progress))
}

pub(super) fn is_header(text: &str) -> bool {
    text.starts_with("Start building sites")
}

fn is_message(text: &str) -> bool {
    let timed =
        ["Total in ", "Built in "].iter().any(|begin| text.starts_with(begin)) && text.ends_with(" ms");
    let ruler = text.chars().all(|c| matches!(c, '-' | '+' | '─' | '┼'));
    let row = text.split_once(['|', '│']).is_some_and(|(name, _)| {
        let name = name.trim();
        name.is_empty() || ROWS.contains(&name)
    });
    is_header(text) || text.starts_with("hugo v") || timed || ruler || row
}
