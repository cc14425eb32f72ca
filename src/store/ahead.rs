//! Times that lie ahead, which are too far ahead once the clock was put back.

use std::time::Duration;

use crate::domain::time::Timestamp;

use super::{StoreError, Tx, db::execute};

/// Longer than a worker takes from looking at the clock to what it writes.
const MOMENT: Duration = Duration::from_secs(1);

/// What is noted ahead of time. A person's own time for a request is not among them: it stays as it was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ahead {
    /// Until when a batch is held by whoever sends it.
    Leases,
    /// When a batch may go for the first time, where nobody chose a time for it.
    FirstTries,
    /// When a batch is tried again.
    Retries,
    /// When CloudFront is asked again about one in progress.
    Looks,
    /// Until when a distribution is held by whoever asks.
    LookLeases,
    /// When an account is tried again that was refused as a whole.
    Accounts,
    /// When the distributions are read again.
    Survey,
    /// Until when they are held by whoever reads them.
    SurveyLease,
    /// When a distribution is looked through again for what was made outside.
    Outside,
    /// When older pages of its list are read on.
    OlderPages,
    /// When a distribution's tags are read again.
    Tags,
    /// When CloudTrail is asked again.
    Trail,
    /// When signed heads are posted again.
    Posts,
}

impl Ahead {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Leases,
        Self::FirstTries,
        Self::Retries,
        Self::Looks,
        Self::LookLeases,
        Self::Accounts,
        Self::Survey,
        Self::SurveyLease,
        Self::Outside,
        Self::OlderPages,
        Self::Tags,
        Self::Trail,
        Self::Posts,
    ];

    const fn bring_nearer(self) -> &'static str {
        match self {
            Self::Leases => {
                "UPDATE batch SET lease_until = $1 WHERE state IN ('queued', 'submitting') AND lease_until > $2"
            }
            Self::FirstTries => {
                "UPDATE batch SET due_at = $1
                 WHERE state IN ('queued', 'submitting') AND attempts = 0 AND due_at = created_at AND due_at > $2"
            }
            Self::Retries => {
                "UPDATE batch SET due_at = $1
                 WHERE state IN ('queued', 'submitting') AND attempts > 0 AND due_at > $2"
            }
            Self::Looks => "UPDATE batch SET look_at = $1 WHERE state = 'in_progress' AND look_at > $2",
            Self::LookLeases => "UPDATE distribution SET poll_lease_until = $1 WHERE poll_lease_until > $2",
            Self::Accounts => "UPDATE account SET retry_at = $1 WHERE retry_at > $2",
            Self::Survey => "UPDATE survey SET due_at = $1 WHERE due_at > $2",
            Self::SurveyLease => "UPDATE survey SET lease_until = $1 WHERE lease_until > $2",
            Self::Outside => "UPDATE distribution SET outside_due_at = $1 WHERE outside_due_at > $2",
            Self::OlderPages => "UPDATE outside_reading SET due_at = $1 WHERE due_at > $2",
            Self::Tags => "UPDATE distribution SET tags_due_at = $1 WHERE tags_due_at > $2",
            Self::Trail => "UPDATE trail SET due_at = $1 WHERE due_at > $2",
            Self::Posts => "UPDATE audit_check SET post_due_at = $1 WHERE post_due_at > $2",
        }
    }
}

/// Brings what lies further ahead than this to it; gives how many did. What lies ahead by a moment more was noted a moment
/// later, by another worker of the same clock.
pub async fn bring_nearer(tx: &mut Tx, what: Ahead, furthest: Timestamp) -> Result<u64, StoreError> {
    execute!(tx, what.bring_nearer(), furthest.as_micros(), furthest.plus(MOMENT).as_micros())
}
