//! Checks: what people set for them, their runs, and what was seen of each URL.

pub mod changes;
pub mod check_up;
mod elsewhere;
mod expired;
mod locations;
mod news;
mod results;
mod rows;
mod schedule;
pub mod settings;
pub mod warming;

pub use elsewhere::{
    answer_offer, begin_round, lock, offer, round_began, round_of_run, rounds_for_probe, set_freshness,
    set_vantage_look, set_vantage_verdict, unjudged_runs, vantage_checks,
};
pub use expired::{delete_expired, expired};
pub use locations::{LocationChecks, location_checks, set_location_check, set_silent_location};
pub use news::{News, cursor, news, set_cursor, unread};
pub use results::{set_after, set_before};
pub use rows::{earlier_looks, find, freshness_of, insert, known_urls, of_distribution, of_invalidation};
pub use schedule::{
    ClaimedRun, begin_after, check_again, claim, due_runs, finish, give_up, next_due, open_runs, release_all,
    release_before, set_verdict,
};
