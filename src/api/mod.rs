//! The JSON API for pipelines, with all its routes. It uses the same commands and store as the pages.

mod audit;
mod body;
mod budget;
mod budgets;
mod caller;
mod channels;
mod checks;
mod distributions;
mod error;
mod events;
mod freezes;
pub mod invalidations;
mod json;
mod missing_event;
mod openapi;
mod path_mappings;
pub mod probe;
mod query;
mod refused;
mod refused_tokens;
mod state;
mod strict_json;
mod wait_limit;
mod waiting;

pub use answers::{FIRST_REQUEST, REPLAYED};
pub use caller::{IDEMPOTENCY_KEY, RUN_URL};
pub use openapi::document;
pub use state::Api;

use invalidations::{answers, cancel, create, list, override_freeze, plan, show};

use axum::{
    Router, middleware,
    routing::{any, get},
};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Every operation of the API. The method, the path and the documentation are at its handler.
fn operations() -> OpenApiRouter<Api> {
    OpenApiRouter::with_openapi(openapi::common())
        .routes(routes!(plan::show))
        .routes(routes!(list::list, create::submit))
        .routes(routes!(show::show))
        .routes(routes!(cancel::submit))
        .routes(routes!(override_freeze::submit))
        .routes(routes!(budget::show))
        .routes(routes!(budgets::list, budgets::submit))
        .routes(routes!(freezes::list, freezes::submit))
        .routes(routes!(freezes::remove))
        .routes(routes!(distributions::list))
        .routes(routes!(distributions::show))
        .routes(routes!(path_mappings::show, path_mappings::submit))
        .routes(routes!(checks::settings::show, checks::settings::submit))
        .routes(routes!(checks::check_up::show, checks::check_up::submit))
        .routes(routes!(checks::changes::show, checks::changes::submit))
        .routes(routes!(checks::start::submit))
        .routes(routes!(checks::show::show))
        .routes(routes!(channels::list, channels::write::add))
        .routes(routes!(channels::show, channels::write::set, channels::write::remove))
        .routes(routes!(channels::write::test))
        .routes(routes!(audit::list))
        .routes(routes!(events::stream))
}

/// The operations for probes, which nobody else can ask.
fn probe_operations() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(probe::work::show)).routes(routes!(probe::results::submit))
}

/// All routes of the API. The pages' router adds the middleware that both share, such as request IDs and time
/// limits.
pub fn router<S: Clone + Send + Sync + 'static>(api: Api) -> Router<S> {
    let probes = Router::from(probe_operations())
        .method_not_allowed_fallback(error::wrong_method)
        .layer(middleware::from_fn_with_state(api.clone(), probe::require_probe));
    let callers = Router::from(operations())
        .route("/api/openapi.json", get(openapi::show))
        .route("/api/", any(error::not_found))
        .route("/api/{*rest}", any(error::not_found))
        .method_not_allowed_fallback(error::wrong_method)
        .layer(middleware::from_fn_with_state(api.clone(), caller::require_caller));
    callers.merge(probes).with_state(api)
}
