//! Corrects stored times that are too far in the future because the clock was set back. [`super::times`] says how
//! every other time is read.

use std::time::Duration;

use unstale_domain::time::Timestamp;

use super::{StoreError, Tx, db::execute};

/// Longer than the time between a worker's look at the clock and its write to the database.
const MOMENT: Duration = Duration::from_secs(1);

/// The stored times that are corrected after a clock rollback. The time that a person chose for a request is not
/// among them: it stays as it was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deadline {
    /// Until when the process that sends a batch has the lease on it.
    Leases,
    /// When a batch may be sent for the first time, if nobody chose a time for it.
    FirstTries,
    /// When a batch is sent again.
    Retries,
    /// When CloudFront is asked again about a batch in progress.
    Looks,
    /// Until when the process that asks CloudFront about a distribution has the lease on it.
    LookLeases,
    /// When a paused account is tried again.
    Accounts,
    /// When the URLs of a check run are looked at again.
    Checks,
    /// Until when the process that looks at them has the lease on the run.
    CheckLeases,
    /// When a check run is deleted.
    KeptChecks,
    /// Until when the process that makes the looks of a check-up has the lease on it.
    CheckUpLeases,
    /// When the buckets of a distribution are listed again.
    Listings,
    /// Until when the process that lists them has the lease on that.
    ListingLeases,
    /// When the next URL of a warming is fetched.
    Warmings,
    /// Until when the process that fetches them has the lease on the warming.
    WarmingLeases,
    /// When the list of distributions is read again.
    Survey,
    /// Until when the process that reads the list of distributions has the lease on that.
    SurveyLease,
    /// When a distribution is checked again for invalidations that were made outside.
    Outside,
    /// When older pages of a distribution's list of invalidations are read.
    OlderPages,
    /// When a distribution's tags are read again.
    Tags,
    /// When CloudTrail is read again.
    CloudTrail,
    /// When signed heads are posted again.
    Posts,
    /// When a read of CloudTrail began.
    CloudTrailBegun,
    /// When what needs an optional permission is read again.
    OptionalReadings,
    /// When a notification channel is tried again.
    Channels,
    /// Until when messages are signed with the earlier key too.
    EarlierKeys,
    /// When a message to a channel is tried.
    Messages,
    /// Until when the process that sends it has the lease on it.
    MessageLeases,
    /// When it is given up.
    GivenUpMessages,
    /// When it is deleted.
    KeptMessages,
    /// When a batch of a distribution was last taken up. The distribution that has waited longest comes first.
    Turns,
    /// When a session was last used.
    SessionUses,
    /// Until when a proposal waits for a second person.
    Approvals,
    /// When a token was made. Its expiry is moved by the same amount, so that the token lasts as long as was
    /// chosen.
    Tokens,
    /// The same for the token of a probe.
    Probes,
    /// The time step (30 s) of the last code of an authenticator app that was used. Only codes of later steps are
    /// accepted.
    SecondSteps,
}

impl Deadline {
    /// All of them.
    pub const ALL: [Self; 35] = [
        Self::Leases,
        Self::FirstTries,
        Self::Retries,
        Self::Looks,
        Self::LookLeases,
        Self::Accounts,
        Self::Checks,
        Self::CheckLeases,
        Self::KeptChecks,
        Self::CheckUpLeases,
        Self::Listings,
        Self::ListingLeases,
        Self::Warmings,
        Self::WarmingLeases,
        Self::Survey,
        Self::SurveyLease,
        Self::Outside,
        Self::OlderPages,
        Self::Tags,
        Self::CloudTrail,
        Self::Posts,
        Self::CloudTrailBegun,
        Self::OptionalReadings,
        Self::Channels,
        Self::EarlierKeys,
        Self::Messages,
        Self::MessageLeases,
        Self::GivenUpMessages,
        Self::KeptMessages,
        Self::Turns,
        Self::SessionUses,
        Self::Approvals,
        Self::Tokens,
        Self::Probes,
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
            Self::Checks => "UPDATE check_run SET due_at = $1 WHERE due_at > $2",
            Self::CheckLeases => "UPDATE check_run SET lease_until = $1 WHERE lease_until > $2",
            Self::KeptChecks => "UPDATE check_run SET kept_until = $1 WHERE kept_until > $2",
            Self::CheckUpLeases => "UPDATE check_up SET lease_until = $1 WHERE lease_until > $2",
            Self::Listings => "UPDATE bucket_changes SET due_at = $1 WHERE due_at > $2",
            Self::ListingLeases => "UPDATE bucket_changes SET lease_until = $1 WHERE lease_until > $2",
            Self::Warmings => "UPDATE warming SET due_at = $1 WHERE due_at > $2",
            Self::WarmingLeases => "UPDATE warming SET lease_until = $1 WHERE lease_until > $2",
            Self::Survey => "UPDATE survey SET due_at = $1 WHERE due_at > $2",
            Self::SurveyLease => "UPDATE survey SET lease_until = $1 WHERE lease_until > $2",
            Self::Outside => "UPDATE distribution SET outside_due_at = $1 WHERE outside_due_at > $2",
            Self::OlderPages => "UPDATE outside_reading SET due_at = $1 WHERE due_at > $2",
            Self::Tags => "UPDATE distribution SET tags_due_at = $1 WHERE tags_due_at > $2",
            Self::CloudTrail => "UPDATE cloudtrail_progress SET due_at = $1 WHERE due_at > $2",
            Self::Posts => "UPDATE audit_check SET post_due_at = $1 WHERE post_due_at > $2",
            Self::CloudTrailBegun => "UPDATE cloudtrail_progress SET begun_at = $1 WHERE begun_at > $2",
            Self::OptionalReadings => "UPDATE optional_reading SET due_at = $1 WHERE due_at > $2",
            Self::Channels => "UPDATE notification_channel SET retry_at = $1 WHERE retry_at > $2",
            Self::EarlierKeys => {
                "UPDATE notification_channel SET earlier_until = $1 WHERE earlier_until > $2"
            }
            Self::Messages => "UPDATE notification_message SET due_at = $1 WHERE due_at > $2",
            Self::MessageLeases => "UPDATE notification_message SET lease_until = $1 WHERE lease_until > $2",
            Self::GivenUpMessages => {
                "UPDATE notification_message SET give_up_at = $1 WHERE state = 'waiting' AND give_up_at > $2"
            }
            Self::KeptMessages => "UPDATE notification_message SET kept_until = $1 WHERE kept_until > $2",
            Self::Turns => "UPDATE distribution SET last_claimed_at = $1 WHERE last_claimed_at > $2",
            Self::SessionUses => "UPDATE session SET last_seen_at = $1 WHERE last_seen_at > $2",
            Self::Approvals => {
                "UPDATE proposal SET expires_at = $1 WHERE state = 'waiting' AND expires_at > $2"
            }
            Self::Tokens => {
                "UPDATE api_token SET expires_at = expires_at - (created_at - $1), created_at = $1
                 WHERE created_at > $2"
            }
            Self::Probes => {
                "UPDATE probe SET expires_at = expires_at - (created_at - $1), created_at = $1 WHERE created_at > $2"
            }
            // A code of the next step is accepted as well and may have been used. So the last step becomes the next
            // one, and no used code is valid again.
            Self::SecondSteps => {
                "UPDATE second_step SET last_step = $1 / 30000000 + 1 WHERE last_step > $2 / 30000000 + 1"
            }
        }
    }
}

/// Rows that give access. They are deleted if they seem to have been made in the future, because their age is then
/// unknown.
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

/// Deletes the rows that were made, or that expire, later than `latest`. Returns the number of deleted rows.
pub async fn end(tx: &mut Tx, what: MadeAhead, latest: Timestamp) -> Result<u64, StoreError> {
    execute!(tx, what.delete(), latest.as_micros())
}

/// Sets the times that are later than `furthest` to `furthest`. Returns the number of changed rows. A time that is
/// later by a moment only stays: another worker with the same clock may have stored it a moment later.
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
