//! The pages: the whole route table, and one page family a folder.
//!
//! Handlers parse, call and render. They read through `store` and write through `ops`.

mod assets;
mod auth;
mod demo;
mod distributions;
mod error;
mod events;
mod form;
mod history;
mod invalidate;
mod invalidation;
mod layers;
mod server;
mod setup;
mod sign_in;
mod state;
mod view;

pub use server::serve;
pub use state::{Demo, Options, Web};

use axum::{
    Router, middleware,
    routing::{get, post},
};

/// Every address that Unstale answers.
pub fn router(web: Web) -> Router {
    let open = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/static/{name}", get(assets::show))
        .route("/sign-in", get(sign_in::show).post(sign_in::submit))
        .route("/sign-in/demo", post(sign_in::demo))
        .route("/setup", get(setup::show).post(setup::submit))
        .method_not_allowed_fallback(error::wrong_method);
    let signed_in = Router::new()
        .route("/", get(invalidate::show))
        .route("/plan", post(invalidate::plan))
        .route("/invalidations", post(invalidate::submit))
        .route("/invalidations/{id}", get(invalidation::show))
        .route("/invalidations/{id}/cancel", post(invalidation::cancel))
        .route("/invalidations/{id}/retry", post(invalidation::retry))
        .route("/invalidations/{id}/batches/{batch}/found", post(invalidation::found))
        .route("/invalidations/{id}/batches/{batch}/not-there", post(invalidation::not_there))
        .route("/distributions", get(distributions::list))
        .route("/distributions/refresh", post(distributions::refresh))
        .route("/distributions/{id}", get(distributions::show))
        .route("/history", get(history::show))
        .route("/history.csv", get(history::csv))
        .route("/history.jsonl", get(history::jsonl))
        .route("/history.ocsf.jsonl", get(history::ocsf))
        .route("/history/searches", post(history::save))
        .route("/history/searches/{id}/forget", post(history::forget))
        .route("/history/{sequence}", get(history::event))
        .route("/events", get(events::stream))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/demo/change", post(demo::change))
        .fallback(error::not_found)
        .method_not_allowed_fallback(error::wrong_method)
        .layer(middleware::from_fn_with_state(web.clone(), auth::require_session));
    layers::around(open.merge(signed_in), &web).with_state(web)
}
