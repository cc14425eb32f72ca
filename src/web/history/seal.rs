//! The result of the last check of the chain, for the top of the page.

use std::time::Duration;

use crate::{
    domain::{audit::Chained, time::Timestamp},
    store::{
        Conn, StoreError,
        audit::{self, CheckState},
    },
};

use super::super::view::When;

/// How old an unchecked event has to be before the page warns. New events are usually checked within seconds.
const BEHIND: Duration = Duration::from_mins(15);

/// The result of the last check of the chain.
pub struct ChainStatus {
    pub state: &'static str,
    pub words: &'static str,
    /// What is wrong, or why nothing is known. Empty if the chain is valid.
    pub told: String,
    /// The last event that was checked.
    pub checked: Option<CheckedHead>,
    /// Whether signed heads could be sent to each destination. Empty if there is no destination.
    pub destinations: Vec<HeadDestination>,
}

/// The last event that was checked.
pub struct CheckedHead {
    pub sequence: i64,
    /// The beginning and the end of its hash. Empty if the event is not there any more.
    pub hash: String,
    pub at: When,
    /// When the whole chain was checked, from its first event on.
    pub whole: Option<When>,
}

/// Whether signed heads could be sent to the file or to the webhook.
pub struct HeadDestination {
    pub words: String,
    pub failing: bool,
}

/// Reads how the chain stands, and the sequence of the last event.
pub async fn chain_status(conn: &mut Conn, now: Timestamp) -> Result<(i64, ChainStatus), StoreError> {
    let (head, checked) = audit::standing(conn).await?;
    // The note of the last event is missing. The check reports that as a broken chain.
    let newest = head.map_or(checked.sequence, |head| head.sequence);
    // The head is that of the event that was checked. The last event may be a later one.
    let last = audit::find(conn, checked.sequence).await?;
    let status = told(&checked, newest, last.as_ref(), now);
    Ok((newest, ChainStatus { destinations: destinations(&checked), ..status }))
}

fn destinations(checked: &CheckState) -> Vec<HeadDestination> {
    let all = [
        ("file", checked.head_told, &checked.file_problem),
        ("webhook", checked.head_posted, &checked.post_problem),
    ];
    let told = all.into_iter().filter_map(|(way, upto, problem)| match (upto, problem.as_str()) {
        (0, "") => None,
        (upto, "") => {
            Some(HeadDestination { words: format!("sent to the {way} up to event {upto}"), failing: false })
        }
        (upto, problem) => {
            let words = format!(
                "Signed heads after event {upto} could not be sent to the {way}: {problem}. Unstale tries again."
            );
            Some(HeadDestination { words, failing: true })
        }
    });
    told.collect()
}

fn told(checked: &CheckState, newest: i64, last: Option<&Chained>, now: Timestamp) -> ChainStatus {
    let plain =
        |state, words, told| ChainStatus { state, words, told, checked: None, destinations: Vec::new() };
    match (checked.broken_at, checked.at) {
        (Some(event), _) => {
            let told = format!(
                "at event {event}: {}. Run unstale audit verify, and keep a copy of the database as it is.",
                checked.problem
            );
            plain("failed", "Hash check: failed", told)
        }
        (None, Some(at)) => {
            let behind = newest > checked.sequence && now.since(at) > BEHIND;
            let (state, words) = if behind {
                ("needs_a_look", "Hash check: late")
            } else {
                ("completed", "Hash check: valid")
            };
            let head = CheckedHead {
                sequence: checked.sequence,
                hash: last.map(|last| short(&last.hash)).unwrap_or_default(),
                at: When::new(at, now),
                whole: checked.whole_at.map(|at| When::new(at, now)),
            };
            ChainStatus { checked: Some(head), ..plain(state, words, String::new()) }
        }
        (None, None) => {
            let told = "The background check is late.".to_owned();
            plain("queued", "Hash check: not yet", told)
        }
    }
}

/// The beginning and the end of a hash.
fn short(hash: &str) -> String {
    format!("{}…{}", hash.get(..8).unwrap_or_default(), hash.get(60..).unwrap_or_default())
}
