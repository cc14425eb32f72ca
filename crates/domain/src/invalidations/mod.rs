//! Items, plans, invalidations and batches, and the rules by which they are sent and change state.

pub mod aws_cli;
pub mod batching;
pub mod budget;
pub mod freeze_window;
pub mod halves;
pub mod idempotency;
pub mod intake;
pub mod invalidation;
pub mod item;
pub mod merging;
pub mod monthly_budget;
pub mod outside;
pub mod pace;
pub mod plan;
pub mod price;
pub mod problem;
pub mod proposal;
pub mod queue;
pub mod quotas;
pub mod radius;
pub mod reason;
pub mod refused;
pub mod retry;
pub mod run_url;
pub mod ticket;
pub mod transition;
