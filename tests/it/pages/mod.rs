//! The pages over HTTP: the real routes, a real database, and the sandbox as CloudFront.

mod bad_input;
mod content_policy;
mod distributions;
mod doors;
mod history;
mod history_search;
mod invalidation;
mod process;
mod request;
mod routes;
mod sign_in;
mod templates;
mod troubles;
