//! Distributions, the hosts that they serve, and how they are protected.

pub mod cache_policy;
pub mod continuous_deployment;
pub mod delivery;
pub mod distribution;
pub mod drift;
pub mod flat_rate_plan;
pub mod host;
pub mod host_table;
pub mod managed_policy;
pub mod path_mapping;
pub mod protection;
pub mod reference;
pub mod traffic;
