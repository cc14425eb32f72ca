//! Checks: what viewers get, and what is set for them.

pub(crate) mod changes;
pub(crate) mod check_up;
pub(crate) mod representation;
pub(crate) mod settings;
pub(crate) mod show;
pub(crate) mod start;
