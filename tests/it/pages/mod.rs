//! The pages over HTTP: the real routes, a real database, and the sandbox as CloudFront.

mod account;
mod bad_input;
mod bad_tokens;
mod content_policy;
mod distributions;
mod doors;
mod guesses;
mod history;
mod invalidation;
mod oidc;
mod people;
mod process;
mod proxies;
mod request;
mod routes;
mod sign_in;
mod templates;
mod troubles;
