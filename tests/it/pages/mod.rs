//! The pages over HTTP: the real routes, a real database, and the sandbox as CloudFront.

mod account;
mod bad_input;
mod bad_tokens;
mod content_policy;
mod distributions;
mod doors;
mod floods;
mod grants;
mod guesses;
mod hidden;
mod history;
mod invalidation;
mod matrix;
mod oidc;
mod other_sites;
mod people;
mod process;
mod protection;
mod proxies;
mod request;
mod routes;
mod sign_in;
mod strangers;
mod templates;
mod troubles;
