//! Every stored time, and how it is read after the clock was set back: it must not delay anything, and nothing may
//! last longer because of it. A test reads the tables of both engines and fails if a column is on none of these
//! lists.

/// How a time that lies in the future is read after a clock rollback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RollbackRule {
    /// It is set to the latest time that could be stored now ([`super::deadlines::Deadline`]).
    Nearer,
    /// Its row no longer gives access ([`super::deadlines::MadeAhead`]), even before the rollback was noticed.
    Over,
    /// It is ignored while it lies in the future: periods that are counted end now.
    NotCounted,
    /// It is AWS's own time, or is compared only with such a time.
    Theirs,
    /// It is only shown, or used to sort a list, or only its presence matters.
    Shown,
}

/// A column that contains a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Time {
    pub table: &'static str,
    pub column: &'static str,
    pub reading: RollbackRule,
}

const fn time(table: &'static str, column: &'static str, reading: RollbackRule) -> Time {
    Time { table, column, reading }
}

use RollbackRule::{Nearer, NotCounted, Over, Shown, Theirs};

/// All columns that contain a time.
pub const TIMES: &[Time] = &[
    time("access_grant", "created_at", Shown),
    time("account", "create_next_at", NotCounted), // `Pace` ignores a time beyond its reach
    time("account", "paused_at", Shown),
    time("account", "read_next_at", NotCounted),
    time("account", "retry_at", Nearer),
    time("api_token", "created_at", Nearer),
    time("api_token", "expires_at", Nearer), // moved by as much as `created_at`
    time("api_token", "last_used_at", NotCounted),
    time("api_token", "revoked_at", Shown),
    time("audit_check", "at", Shown),
    time("audit_check", "post_due_at", Nearer),
    time("audit_check", "whole_at", Shown),
    time("audit_segment", "at", Shown),
    time("audit_signed_head", "at", NotCounted), // the next head is signed at once
    time("batch", "accepted_at", NotCounted),
    time("batch", "completed_at", Shown),
    time("batch", "created_at", Shown),
    time("batch", "due_at", Nearer), // except a time that a person chose
    time("batch", "first_sent_at", NotCounted),
    time("batch", "lease_until", Nearer),
    time("batch", "look_at", Nearer),
    time("batch", "put_off_from", Shown), // a time that a person chose
    time("batch", "restored_from", NotCounted), // nothing was accepted since a time in the future: it is sent
    time("bucket_changes", "asked_at", NotCounted),
    time("bucket_changes", "due_at", Nearer),
    time("bucket_changes", "lease_until", Nearer),
    time("bucket_changes", "looked_at", NotCounted), // invalidations since a time in the future are none
    time("check_run", "created_at", Shown),
    time("check_run", "due_at", Nearer),
    time("check_run", "kept_until", Nearer),
    time("check_run", "lease_until", Nearer),
    time("check_up", "asked_at", Shown),
    time("check_up", "lease_until", Nearer),
    time("check_up", "looked_at", Shown),
    time("cloudtrail_progress", "begun_at", Nearer),
    time("cloudtrail_progress", "due_at", Nearer),
    time("cloudtrail_progress", "failed_at", Shown),
    time("cloudtrail_progress", "from_at", Theirs),
    time("cloudtrail_progress", "to_at", Theirs),
    time("continuous_deployment", "read_for", Theirs),
    time("distribution", "config_read_for", Theirs),
    time("distribution", "earlier_config_until", NotCounted), // a change in the future is told after it too
    time("distribution", "gone_at", Shown),
    time("distribution", "last_claimed_at", Nearer),
    time("distribution", "last_modified", Theirs),
    time("distribution", "outside_due_at", Nearer),
    time("distribution", "poll_lease_until", Nearer),
    time("distribution", "seen_at", Shown),
    time("distribution", "tags_due_at", Nearer),
    time("distribution", "tags_read_at", Shown),
    time("distribution", "traffic_at", Shown),
    time("freeze_window", "from_at", Shown), // a time that a person chose
    time("freeze_window", "until_at", Shown),
    time("pending_second_factor", "expires_at", Over),
    time("idempotency", "created_at", Shown),
    time("identity", "created_at", Shown),
    time("invalidation", "ended_at", Shown),
    time("invalidation", "requested_at", NotCounted),
    time("local_group", "created_at", Shown),
    time("notification_channel", "created_at", Shown),
    time("notification_channel", "delivered_at", Shown),
    time("notification_channel", "earlier_until", Nearer),
    time("notification_channel", "retry_at", Nearer),
    time("notification_message", "created_at", Shown), // of one that waits: it may get further notices
    time("notification_message", "due_at", Nearer),
    time("notification_message", "ended_at", Shown),
    time("notification_message", "give_up_at", Nearer),
    time("notification_message", "kept_until", Nearer),
    time("notification_message", "lease_until", Nearer),
    time("optional_reading", "due_at", Nearer),
    time("optional_reading", "read_at", Shown),
    time("outside_reading", "due_at", Nearer),
    time("outside_reading", "whole_at", Shown),
    time("password_link", "expires_at", Over),
    time("person", "created_at", Shown),
    time("person", "disabled_at", Shown),
    time("probe", "contact_at", NotCounted), // a probe whose last contact is in the future is away
    time("probe", "created_at", Nearer),
    time("probe", "expires_at", Nearer), // moved by as much as `created_at`
    time("probe", "revoked_at", Shown),
    time("probe_offer", "offered_at", NotCounted), // looks of a round that was offered in the future are not taken
    time("probe_round", "began_at", NotCounted),   // such a round is offered until the next one begins
    time("proposal", "asked_at", Shown),
    time("proposal", "decided_at", Shown),
    time("proposal", "expires_at", Nearer),
    time("recovery_code", "used_at", Shown),
    time("saved_search", "created_at", Shown),
    time("second_step", "confirmed_at", Shown),
    time("second_step", "created_at", Shown),
    time("second_step", "last_step", Nearer), // a time in steps of 30 s
    time("session", "created_at", Over),
    time("session", "expires_at", Shown), // `created_at` decides whether it is over
    time("session", "last_seen_at", Nearer),
    time("set_up_link", "created_at", Over),
    time("set_up_link", "expires_at", Shown),
    time("survey", "due_at", Nearer),
    time("survey", "failed_at", Shown),
    time("survey", "finished_at", Shown),
    time("survey", "lease_until", Nearer),
    time("untraced", "made_at", Theirs),
    time("warming", "due_at", Nearer),
    time("warming", "finished_at", Shown),
    time("warming", "lease_until", Nearer),
];

/// Columns with whole numbers that are not times. Days of the insights are among them: they say when something was, and
/// nothing waits for one.
pub const NUMBERS: &[(&str, &str)] = &[
    ("access_grant", "everything"),
    ("account", "read_throttles"),
    ("audit_check", "broken_at"),
    ("audit_check", "head_posted"),
    ("audit_check", "head_told"),
    ("audit_check", "id"),
    ("audit_check", "sequence"),
    ("audit_event", "sequence"),
    ("audit_head", "id"),
    ("audit_head", "sequence"),
    ("audit_index", "id"),
    ("audit_index", "sequence"),
    ("audit_item", "item_key"),
    ("audit_item", "sequence"),
    ("audit_segment", "first_sequence"),
    ("audit_segment", "last_sequence"),
    ("audit_signed_head", "sequence"),
    ("batch", "alone"),
    ("batch", "attempts"),
    ("batch", "cut_into"),
    ("batch", "number"),
    ("batch", "path_count"),
    ("batch", "wildcard_count"),
    ("check_cursor", "id"),
    ("check_cursor", "sequence"),
    ("check_run", "round"),
    ("check_settings", "enabled"),
    ("check_settings", "ask_origin"),
    ("check_settings", "compressed"),
    ("continuous_deployment", "wanted"),
    ("daily_completion", "day"),
    ("daily_completion", "invalidations"),
    ("daily_completion", "time_range"),
    ("daily_sum", "broken"),
    ("daily_sum", "day"),
    ("daily_sum", "fresh"),
    ("daily_sum", "items"),
    ("daily_sum", "many"),
    ("daily_sum", "many_paths"),
    ("daily_sum", "outside"),
    ("daily_sum", "paths"),
    ("daily_sum", "paths_outside"),
    ("daily_sum", "requested"),
    ("daily_sum", "stale"),
    ("daily_sum", "unchanged"),
    ("daily_sum", "unclear"),
    ("daily_sum", "wildcards_save"),
    ("distribution", "enabled"),
    ("distribution", "hits_per_thousand"),
    ("distribution", "policies_wanted"),
    ("distribution", "query_strings"),
    ("distribution", "requests_a_minute"),
    ("distribution", "staging"),
    ("distribution", "tenant_only"),
    ("insights_cursor", "id"),
    ("insights_cursor", "sequence"),
    ("monthly_budget", "hard_items"),
    ("monthly_budget", "soft_items"),
    ("monthly_count", "month"),
    ("monthly_count", "most"),
    ("monthly_count", "most_on"),
    ("monthly_count", "paths"),
    ("monthly_count", "times"),
    ("monthly_count", "weight"),
    ("notification_channel", "failures"),
    ("notification_channel", "is_on"),
    ("notification_message", "notices"),
    ("notification_message", "number"),
    ("notification_message", "tries"),
    ("notification_notice", "message_number"),
    ("notification_progress", "id"),
    ("notification_progress", "messages"),
    ("notification_progress", "sequence"),
    ("pending_second_factor", "tries"),
    ("location_check", "number"),
    ("invalidation", "item_count"),
    ("invalidation", "warm"),
    ("outside_reading", "older"),
    ("probe_offer", "answered"),
    ("probe_offer", "round"),
    ("probe_round", "round"),
    ("proposal", "warm"),
    ("saved_search", "for_everyone"),
    ("path_mapping", "position"),
    ("protection", "cool_down_seconds"),
    ("protection", "reason_required"),
    ("protection", "wide_above"),
    ("survey", "id"),
    ("url_check", "guessed"),
    ("url_check", "number"),
    ("vantage_check", "number"),
    ("cloudtrail_progress", "id"),
    ("cloudtrail_progress", "round"),
    ("untraced", "round"),
    ("authentication_methods", "id"),
    ("warming", "failed"),
    ("warming", "fetched"),
    ("warming", "left_out"),
    ("warming", "planned"),
];
