//! The history while it is written, as server-sent events for open pages and for the API.
//!
//! The audit table is the stream. At each notification one hub reads what is new and passes it on. A stream that
//! begins, reconnects or falls behind reads the table itself from its cursor, so that it misses nothing.

mod follower;
mod hub;
mod stream_limit;

pub use follower::{Follower, Following};
pub use hub::Hub;
pub use stream_limit::{StreamLimit, StreamPermit};

use std::time::Duration;

use crate::domain::audit::Action;

/// How long a stream lasts. Its client then reconnects at once and is authenticated again.
pub const LIFE: Duration = Duration::from_hours(1);

/// Whether somebody may see more or less after this action.
pub const fn may_change_access(action: Action) -> bool {
    matches!(
        action,
        Action::GrantAdded
            | Action::GrantRemoved
            | Action::GroupMemberAdded
            | Action::GroupMemberRemoved
            | Action::GroupDeleted
            | Action::GroupsChanged
            | Action::ScopeWidened
            | Action::TokenRevoked
    ) || action.may_end_sessions()
}
