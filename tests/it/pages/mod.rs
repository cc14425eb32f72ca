//! The pages over HTTP: the real routes, a real database, and the sandbox as CloudFront.

mod bad_input;
mod content_policy;
mod distributions;
mod doors;
mod grants;
mod hidden;
mod history;
mod invalidation;
mod matrix;
mod process;
mod protection;
mod request;
mod routes;
mod sign_in;
mod templates;
mod troubles;
