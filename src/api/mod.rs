//! The JSON API for pipelines, on the same commands and store as the pages. This is its whole route table.

mod audit;
mod body;
mod caller;
mod distributions;
mod error;
mod events;
pub mod invalidations;
mod json;
mod openapi;
mod query;
mod refused;
mod refused_tokens;
mod state;
mod strict_json;
mod wait_limit;

pub use caller::{IDEMPOTENCY_KEY, RUN_URL};
pub use create::{FIRST_REQUEST, REPLAYED};
pub use openapi::document;
pub use state::Api;

use invalidations::{cancel, create, list, plan, show};

use axum::{
    Router, middleware,
    routing::{any, get},
};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Every operation of the API. Its handler says its method, its path and what the document has of it.
fn operations() -> OpenApiRouter<Api> {
    OpenApiRouter::with_openapi(openapi::common())
        .routes(routes!(plan::show))
        .routes(routes!(list::list, create::submit))
        .routes(routes!(show::show))
        .routes(routes!(cancel::submit))
        .routes(routes!(distributions::list))
        .routes(routes!(audit::list))
        .routes(routes!(events::stream))
}

/// Every address of the API. What stands around it (request IDs, time limits, sessions) is the pages'.
pub fn router<S: Clone + Send + Sync + 'static>(api: Api) -> Router<S> {
    Router::from(operations())
        .route("/api/openapi.json", get(openapi::show))
        .route("/api/", any(error::not_found))
        .route("/api/{*rest}", any(error::not_found))
        .method_not_allowed_fallback(error::wrong_method)
        .layer(middleware::from_fn_with_state(api.clone(), caller::require_caller))
        .with_state(api)
}
