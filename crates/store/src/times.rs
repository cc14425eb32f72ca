//! Every time that a table keeps, and what becomes of it once the clock was put back: it holds nothing up, and nothing
//! lasts longer for it. A test reads the tables of both engines and fails where a column is not on one of these lists.

/// How a time is read that lies ahead of now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RollbackRule {
    /// It is brought to the furthest that it is ever noted ahead ([`super::deadlines::Deadline`]).
    Nearer,
    /// What has it is over ([`super::deadlines::MadeAhead`]), also before somebody looked at the clock.
    Over,
    /// It counts for nothing while it lies ahead: windows end at now.
    NotCounted,
    /// It is AWS's own time, or is compared with one of those.
    Theirs,
    /// It is shown, or lists are in its order, or only whether it is there is asked.
    Shown,
}

/// A column with a time.
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

/// All of them.
pub const TIMES: &[Time] = &[
    time("access_grant", "created_at", Shown),
    time("account", "create_next_at", NotCounted), // `domain::pace` looks no further ahead than its reach
    time("account", "paused_at", Shown),
    time("account", "read_next_at", NotCounted),
    time("account", "retry_at", Nearer),
    time("api_token", "created_at", Nearer),
    time("api_token", "expires_at", Nearer), // together with when it was made
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
    time("batch", "due_at", Nearer), // but for the time that a person chose
    time("batch", "first_sent_at", NotCounted),
    time("batch", "lease_until", Nearer),
    time("batch", "look_at", Nearer),
    time("distribution", "config_read_for", Theirs),
    time("distribution", "gone_at", Shown),
    time("distribution", "last_claimed_at", Nearer),
    time("distribution", "last_modified", Theirs),
    time("distribution", "outside_due_at", Nearer),
    time("distribution", "poll_lease_until", Nearer),
    time("distribution", "seen_at", Shown),
    time("distribution", "tags_due_at", Nearer),
    time("distribution", "tags_read_at", Shown),
    time("pending_second_factor", "expires_at", Over),
    time("idempotency", "created_at", Shown),
    time("identity", "created_at", Shown),
    time("invalidation", "ended_at", Shown),
    time("invalidation", "requested_at", NotCounted),
    time("local_group", "created_at", Shown),
    time("outside_reading", "due_at", Nearer),
    time("outside_reading", "whole_at", Shown),
    time("password_link", "expires_at", Over),
    time("person", "created_at", Shown),
    time("person", "disabled_at", Shown),
    time("proposal", "asked_at", Shown),
    time("proposal", "decided_at", Shown),
    time("proposal", "expires_at", Nearer),
    time("recovery_code", "used_at", Shown),
    time("saved_search", "created_at", Shown),
    time("second_step", "confirmed_at", Shown),
    time("second_step", "created_at", Shown),
    time("second_step", "last_step", Nearer), // a time in steps of 30 s
    time("session", "created_at", Over),
    time("session", "expires_at", Shown), // what was begun ahead is over, whenever it would end
    time("session", "last_seen_at", Nearer),
    time("set_up_link", "created_at", Over),
    time("set_up_link", "expires_at", Shown),
    time("survey", "due_at", Nearer),
    time("survey", "failed_at", Shown),
    time("survey", "finished_at", Shown),
    time("survey", "lease_until", Nearer),
    time("trail", "begun_at", Nearer),
    time("trail", "due_at", Nearer),
    time("trail", "failed_at", Shown),
    time("trail", "from_at", Theirs),
    time("trail", "to_at", Theirs),
    time("untraced", "made_at", Theirs),
];

/// Whole numbers that are no times.
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
    ("batch", "attempts"),
    ("batch", "number"),
    ("batch", "path_count"),
    ("batch", "wildcard_count"),
    ("distribution", "enabled"),
    ("distribution", "query_strings"),
    ("distribution", "staging"),
    ("distribution", "tenant_only"),
    ("pending_second_factor", "tries"),
    ("invalidation", "item_count"),
    ("outside_reading", "older"),
    ("protection", "cool_down_seconds"),
    ("protection", "reason_required"),
    ("protection", "wide_above"),
    ("survey", "id"),
    ("trail", "id"),
    ("trail", "round"),
    ("untraced", "round"),
    ("authentication_methods", "id"),
];
