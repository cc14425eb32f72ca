//! The JSON API over HTTP, as a pipeline uses it.

mod budgets;
mod changes;
mod check_up;
mod checks;
mod command;
mod contract;
mod create;
mod doors;
mod drift;
mod freezes;
mod idempotency;
mod limits;
mod look;
mod matrix;
mod nul;
mod parts;
mod probe_results;
mod probes;
mod program;
mod radius;
mod references;
mod refusals;
mod refused_items;
mod routes;
mod starts;
mod warming;
