//! Checks: what people set for them, their runs, and what was seen of each URL.

mod news;
mod results;
mod rows;
mod schedule;
pub mod settings;

pub use news::{News, cursor, news, set_cursor, unread};
pub use results::{set_after, set_before};
pub use rows::{earlier_looks, find, freshness_of, insert, known_urls, of_distribution, of_invalidation};
pub use schedule::{
    ClaimedRun, begin_after, check_again, claim, due_runs, finish, give_up, next_due, open_runs, release_all,
    release_before,
};
