//! What pages and API share: the server, the middleware of each request, and the identification of the caller.

pub(crate) mod assets;
pub mod authentication_methods;
pub(crate) mod caller;
pub(crate) mod cookies;
pub(crate) mod error;
pub(crate) mod event_stream;
pub(crate) mod layers;
pub mod metrics;
pub(crate) mod once_a_minute;
pub(crate) mod params;
pub(crate) mod problem;
pub(crate) mod proxy;
pub(crate) mod ready;
pub(crate) mod request_origin;
pub(crate) mod server;
pub(crate) mod session;
pub(crate) mod state;
mod traces;

pub use layers::rate::Rate;
pub use server::serve;
pub use state::{AppState, Demo, HttpOptions, ScheduledBackups};
