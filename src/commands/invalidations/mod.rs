//! Commands on invalidations and on requests for approval.

pub(crate) mod accepted;
pub(crate) mod approve_proposal;
pub(crate) mod cancel_invalidation;
pub(crate) mod cooldown;
pub(crate) mod decline_proposal;
pub(crate) mod earlier_request;
pub(crate) mod monthly_budgets;
pub(crate) mod propose;
pub(crate) mod quotas;
pub(crate) mod request_again;
pub(crate) mod request_invalidation;
pub(crate) mod request_several;
pub(crate) mod requested;
pub(crate) mod resolve_found;
pub(crate) mod resolve_not_there;
pub(crate) mod retry_invalidation;
pub(crate) mod set_budget;
pub(crate) mod usage_cache;
pub(crate) mod withdraw;

pub use approve_proposal::approve_proposal;
pub use cancel_invalidation::cancel_invalidation;
pub use decline_proposal::decline_proposal;
pub use monthly_budgets::{budget_usage, budgets_seen};
pub use request_invalidation::request_invalidation;
pub use request_several::{SeveralRequested, request_several};
pub use requested::{Requested, Unmet};
pub use resolve_found::resolve_found;
pub use resolve_not_there::resolve_not_there;
pub use retry_invalidation::retry_invalidation;
pub use set_budget::{BudgetChange, set_budget};
