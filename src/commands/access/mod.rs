//! Who may do what: roles, groups and grants.

pub(crate) mod add_grant;
pub(crate) mod add_group;
pub(crate) mod authorize;
pub(crate) mod change_member;
pub(crate) mod change_role;
pub(crate) mod delete_group;
pub(crate) mod remove_grant;
pub(crate) mod widen_person;

pub use add_grant::add_grant;
pub use add_group::add_group;
pub use change_member::{add_member, remove_member};
pub use change_role::change_role;
pub use delete_group::delete_group;
pub use remove_grant::remove_grant;
pub use widen_person::widen_person;
