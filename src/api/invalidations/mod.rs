//! Plans and invalidations.

mod acted;
pub(crate) mod answers;
mod batch;
pub(crate) mod cancel;
pub(crate) mod create;
mod freshness;
pub(crate) mod list;
pub(crate) mod override_freeze;
pub(crate) mod plan;
pub(crate) mod radius;
pub(crate) mod representation;
pub(crate) mod requests;
pub(crate) mod show;
pub(crate) mod staging;
mod wanted;
