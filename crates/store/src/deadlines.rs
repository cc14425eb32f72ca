//! Times that lie ahead, which are too far ahead once the clock was put back. How every other time is read is in
//! [`super::times`].

use std::time::Duration;

use unstale_domain::time::Timestamp;

use super::{StoreError, Tx, db::execute};

/// Longer than a worker takes from looking at the clock to what it writes.
const MOMENT: Duration = Duration::from_secs(1);

/// What is noted ahead of time. A person's own time for a request is not among them: it stays as it was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deadline {
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
    /// When a reading of `CloudTrail` began.
    TrailBegun,
    /// When a distribution had its last turn: they take turns by it.
    Turns,
    /// When a session was last used.
    SessionUses,
    /// Until when a request waits for a second person.
    Approvals,
    /// When a token was made; its end goes along, so that it lasts as long as was chosen.
    Tokens,
    /// The last code of an authenticator that was used, in steps of 30 s: none before it is taken.
    SecondSteps,
}

impl Deadline {
    /// All of them.
    pub const ALL: [Self; 19] = [
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
        Self::TrailBegun,
        Self::Turns,
        Self::SessionUses,
        Self::Approvals,
        Self::Tokens,
        Self::SecondSteps,
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
            Self::TrailBegun => "UPDATE trail SET begun_at = $1 WHERE begun_at > $2",
            Self::Turns => "UPDATE distribution SET last_claimed_at = $1 WHERE last_claimed_at > $2",
            Self::SessionUses => "UPDATE session SET last_seen_at = $1 WHERE last_seen_at > $2",
            Self::Approvals => {
                "UPDATE proposal SET expires_at = $1 WHERE state = 'waiting' AND expires_at > $2"
            }
            Self::Tokens => {
                "UPDATE api_token SET expires_at = expires_at - (created_at - $1), created_at = $1
                 WHERE created_at > $2"
            }
            // Codes of the step that comes next are taken too: none that was used may be good again.
            Self::SecondSteps => {
                "UPDATE second_step SET last_step = $1 / 30000000 + 1 WHERE last_step > $2 / 30000000 + 1"
            }
        }
    }
}

/// What lets somebody in and is over once it seems to have been made later than now: nobody knows how old it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MadeAhead {
    Sessions,
    SetUpLinks,
    PasswordLinks,
    PendingSecondFactors,
}

impl MadeAhead {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::Sessions, Self::SetUpLinks, Self::PasswordLinks, Self::PendingSecondFactors];

    const fn delete(self) -> &'static str {
        match self {
            Self::Sessions => "DELETE FROM session WHERE created_at > $1",
            Self::SetUpLinks => "DELETE FROM set_up_link WHERE created_at > $1",
            Self::PasswordLinks => "DELETE FROM password_link WHERE expires_at > $1",
            Self::PendingSecondFactors => "DELETE FROM pending_second_factor WHERE expires_at > $1",
        }
    }
}

/// Ends what was made, or ends by itself, later than this; gives how many did.
pub async fn end(tx: &mut Tx, what: MadeAhead, latest: Timestamp) -> Result<u64, StoreError> {
    execute!(tx, what.delete(), latest.as_micros())
}

/// Brings what lies further ahead than this to it; gives how many did. What lies ahead by a moment more was noted a moment
/// later, by another worker of the same clock.
pub async fn bring_nearer(tx: &mut Tx, what: Deadline, furthest: Timestamp) -> Result<u64, StoreError> {
    execute!(tx, what.bring_nearer(), furthest.as_micros(), furthest.plus(MOMENT).as_micros())
}

#[cfg(test)]
mod tests {
    use super::{
        super::times::{RollbackRule, TIMES},
        *,
    };

    #[test]
    fn the_list_of_times_and_what_is_done_about_them_agree() {
        let all: Vec<&str> = Deadline::ALL.iter().map(|what| what.bring_nearer()).collect();
        let deleted: Vec<&str> = MadeAhead::ALL.iter().map(|what| what.delete()).collect();
        for time in TIMES {
            let set = format!("UPDATE {} SET {} = ", time.table, time.column);
            let moved = all.iter().any(|sql| {
                sql.starts_with(&set)
                    || sql.starts_with(&format!("UPDATE {} ", time.table))
                        && sql.contains(&format!(" {} = ", time.column))
            });
            let over = deleted
                .iter()
                .any(|sql| sql.starts_with(&format!("DELETE FROM {} WHERE {} ", time.table, time.column)));
            let name = format!("{}.{}", time.table, time.column);
            assert!((time.reading == RollbackRule::Nearer) == moved || over, "{name}");
            assert_eq!(time.reading == RollbackRule::Over, over, "{name}");
        }
    }
}
