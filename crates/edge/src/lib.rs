//! The HTTP client that looks at what the edge serves: one URL, one connection, and only at public addresses.
//!
//! `place` says what takes the place of DNS, `resolve` which URL may be asked at which `address`, `connect` and `tls`
//! make the connection, `exchange` and `body` read one answer within its bounds, `client` follows redirects, and
//! `limits` keeps a site that hangs from holding every look. It judges no answer and keeps none.

mod address;
mod body;
mod client;
mod connect;
mod error;
mod exchange;
mod limits;
mod needles;
mod place;
mod request;
mod resolve;
mod tls;

#[cfg(test)]
mod tests;

pub use address::{PublicAddress, is_public};
pub use client::{Bounds, EdgeClient, EdgeClientError, Fetched};
pub use error::{BoxError, FetchError, UrlProblem};
pub use place::{Place, PlaceError};
pub use request::{EdgeMethod, EdgeRequest};
pub use resolve::{Lookup, LookupFuture};
