//! The pages: all routes, and one folder for each group of pages.
//!
//! Handlers parse, call and render. They read through `store` and write through `commands`.

mod approvals;
mod checks;
mod demo;
mod distributions;
mod events;
mod export;
mod form;
mod history;
mod insights;
mod invalidate;
mod invalidation;
mod reference;
mod refused_forms;
mod require_session;
mod saved;
mod settings;
mod setup;
mod sign_in;
mod view;

pub use reference::Described;

use settings::notifications;

use crate::http::{assets, error, layers, metrics, ready, state::AppState};
use axum::{
    Extension, Router, middleware,
    routing::{get, post},
};

/// All routes of Unstale. `beside` is the API, which has its own authentication.
pub fn router(app: AppState, beside: Router<AppState>, described: Described) -> Router {
    let open = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready::show))
        .route("/metrics", get(metrics::show))
        .route("/static/{name}", get(assets::show))
        .route("/sign-in", get(sign_in::show).post(sign_in::submit))
        .route("/sign-in/demo", post(sign_in::demo))
        .route("/sign-in/oidc", get(sign_in::oidc::start))
        .route("/sign-in/oidc/callback", get(sign_in::oidc::callback))
        .route("/sign-in/code", get(sign_in::code::show).post(sign_in::code::submit))
        .route("/password", get(sign_in::link::show).post(sign_in::link::submit))
        .route("/setup", get(setup::show).post(setup::submit))
        .method_not_allowed_fallback(error::wrong_method);
    let signed_in = Router::new()
        .route("/", get(invalidate::show))
        .route("/plan", post(invalidate::plan))
        .route("/plan/mapping", post(invalidate::map_folder))
        .route("/find/distributions", get(invalidate::find))
        .route("/invalidations", post(invalidate::submit))
        .route("/invalidations/{id}", get(invalidation::show))
        .route("/invalidations/{id}/events", get(history::events_of))
        .route("/invalidations/{id}/cancel", post(invalidation::cancel))
        .route("/invalidations/{id}/retry", post(invalidation::retry))
        .route("/invalidations/{id}/override-freeze", post(invalidation::override_freeze))
        .route("/invalidations/{id}/batches/{batch}/found", post(invalidation::found))
        .route("/invalidations/{id}/batches/{batch}/not-there", post(invalidation::not_there))
        .route("/distributions", get(distributions::list))
        .route("/distributions/refresh", post(distributions::refresh))
        .route("/distributions/{id}", get(distributions::show))
        .route("/approvals", get(approvals::list))
        .route("/approvals/{id}/approve", post(approvals::approve))
        .route("/approvals/{id}/decline", post(approvals::decline))
        .route("/history", get(history::show))
        .route("/history.csv", get(history::csv))
        .route("/history.jsonl", get(history::jsonl))
        .route("/history.ocsf.jsonl", get(history::ocsf))
        .route("/history/searches", post(history::save))
        .route("/history/searches/{id}/forget", post(history::forget))
        .route("/history/{sequence}", get(history::event))
        .route("/insights", get(insights::show))
        .route("/insights.csv", get(insights::csv))
        .route("/events", get(events::stream))
        .route("/api", get(reference::show).layer(Extension(described)))
        .route("/settings", get(settings::index))
        .route("/settings/access", get(settings::access))
        .route("/settings/notifications", get(notifications::show).post(notifications::add))
        .route("/settings/notifications/{id}", get(notifications::show_channel).post(notifications::change))
        .route("/settings/notifications/{id}/rules", post(notifications::add_rule))
        .route("/settings/notifications/{id}/rules/remove", post(notifications::remove_rule))
        .route("/settings/notifications/{id}/state", post(notifications::change_state))
        .route("/settings/notifications/{id}/test", post(notifications::test))
        .route("/settings/notifications/{id}/retry", post(notifications::retry))
        .route("/settings/notifications/{id}/key", post(notifications::change_key))
        .route("/settings/notifications/{id}/remove", post(notifications::remove))
        .route("/settings/sign-in", get(settings::sign_in::show))
        .route("/settings/sign-in/check", post(settings::sign_in::check))
        .route("/settings/tokens", get(settings::tokens::show).post(settings::tokens::make))
        .route("/settings/tokens/{id}/revoke", post(settings::tokens::revoke))
        .route("/settings/probes", get(settings::probes::show).post(settings::probes::make))
        .route("/settings/probes/{id}/revoke", post(settings::probes::revoke))
        .route("/settings/groups", get(settings::groups::show).post(settings::groups::add))
        .route("/settings/groups/delete", post(settings::groups::delete))
        .route("/settings/groups/members", post(settings::groups::add_member))
        .route("/settings/groups/members/remove", post(settings::groups::remove_member))
        .route("/settings/grants", get(settings::grants::show).post(settings::grants::add))
        .route("/settings/grants/{id}/remove", post(settings::grants::remove))
        .route("/settings/budgets", get(settings::budgets::show).post(settings::budgets::set))
        .route("/settings/freezes", get(settings::freezes::show).post(settings::freezes::add))
        .route("/settings/freezes/{id}/remove", post(settings::freezes::remove))
        .route("/settings/system", get(settings::system::show))
        .route("/settings/protection", get(settings::protection::show).post(settings::protection::set))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/demo/change", post(demo::change))
        .route("/demo/versions", get(demo::show_versions))
        .merge(check_routes())
        .merge(settings_routes())
        .fallback(error::not_found)
        .method_not_allowed_fallback(error::wrong_method)
        .layer(middleware::from_fn_with_state(app.clone(), require_session::require_session));
    layers::around(open.merge(signed_in).merge(beside), &app).with_state(app)
}

/// The routes of one distribution: looking again, the settings of its checks, its check-up and its path mappings.
fn check_routes() -> Router<AppState> {
    Router::new()
        .route("/invalidations/{id}/check", post(checks::check_invalidation))
        .route("/distributions/{id}/paths", get(distributions::show_paths).post(distributions::set_paths))
        .route("/distributions/{id}/check", post(checks::check_distribution))
        .route("/distributions/{id}/checks", get(checks::show).post(checks::set))
        .route("/distributions/{id}/changes", post(checks::look_for_changes))
        .route("/distributions/{id}/check-up", get(checks::show_check_up).post(checks::ask_for_check_up))
}

/// The routes of the visitor's own account, and of people.
fn settings_routes() -> Router<AppState> {
    use settings::{account, manage, password, people, person, second_step, sessions};
    Router::new()
        .route("/settings/account", get(account::show))
        .route("/settings/account/password", post(password::submit))
        .route("/settings/account/second-step", get(second_step::show).post(second_step::offer))
        .route("/settings/account/second-step/confirm", post(second_step::confirm))
        .route("/settings/account/second-step/codes", post(second_step::new_codes))
        .route("/settings/account/second-step/remove", post(second_step::remove))
        .route("/settings/account/sessions/end-others", post(sessions::end_others))
        .route("/settings/account/sessions/{id}/end", post(sessions::end_one))
        .route("/settings/people", get(people::list).post(people::add))
        .route("/settings/people/{id}", get(person::show))
        .route("/settings/people/{id}/role", post(manage::role))
        .route("/settings/people/{id}/everything", post(manage::everything))
        .route("/settings/people/{id}/disable", post(manage::disable))
        .route("/settings/people/{id}/enable", post(manage::enable))
        .route("/settings/people/{id}/reset-password", post(manage::reset_password))
        .route("/settings/people/{id}/second-step/remove", post(manage::remove_second_step))
        .route("/settings/people/{id}/sessions/end", post(manage::end_sessions))
}
