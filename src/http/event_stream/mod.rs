//! The history as it is written, for streams of server-sent events: those of open pages, and those of the API.
//!
//! The audit table is the stream. One hub reads what is new at each notification and passes it on; a stream that
//! begins, comes back or falls behind reads the table itself from its cursor on, so that nothing is missed.

mod follower;
mod hub;
mod stream_limit;

pub use follower::{Follower, Following};
pub use hub::Hub;
pub use stream_limit::{StreamLimit, StreamPermit};

use std::time::Duration;

use crate::domain::audit::Action;

/// How long a stream lasts. Its client comes back at once, and what lets it in is looked at again.
pub const LIFE: Duration = Duration::from_hours(1);

/// May somebody see more or less after this?
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
