//! The authentication methods as they are set up, and a check of the provider.

use askama::Template;
use axum::{
    extract::State,
    response::{Html, IntoResponse, Redirect, Response},
};

use crate::{
    commands,
    http::{
        authentication_methods::facts::AuthenticationMethod, error::HttpError, session::Visitor,
        state::AppState,
    },
    identity::oidc::Oidc,
};

use super::{
    super::{
        sign_in::oidc,
        view::{self, Frame, When},
    },
    frame,
};

const PATH: &str = "/settings/sign-in";

#[derive(Template)]
#[template(path = "settings/sign_in.html")]
struct Page {
    frame: Frame,
    authentication_methods: Vec<AuthenticationMethod>,
    provider: Option<Provider>,
}

/// What is known about the provider besides its settings.
struct Provider {
    /// The redirect URI, which has to be registered at the provider.
    redirect: String,
    state: &'static str,
    words: &'static str,
    asked: Option<When>,
    error: Option<String>,
    keys: String,
}

/// `GET /settings/sign-in`
pub async fn show(State(app): State<AppState>, visitor: Visitor) -> Result<Html<String>, HttpError> {
    visitor.require_admin(&app, "see the sign-in settings").await?;
    let mut conn = app.context.db.read().await?;
    let frame = frame(&mut conn, &app, &visitor, PATH).await?;
    drop(conn);
    let provider = match app.options.authentication_methods.oidc.as_deref() {
        Some(found) => Some(about(&app, found).await),
        None => None,
    };
    view::page(&Page { frame, authentication_methods: app.options.authentication_methods.facts(), provider })
}

async fn about(app: &AppState, provider: &Oidc) -> Provider {
    let (seen, now) = (provider.seen().await, app.context.clock.now());
    let (state, words) = match (&seen.error, seen.read_at) {
        (Some(_), _) => ("failed", "does not answer"),
        (None, Some(_)) => ("completed", "answers"),
        (None, None) => ("queued", "not asked yet"),
    };
    let keys = match seen.keys {
        0 => "not read yet; they are with the first sign-in, or with a check".to_owned(),
        one_or_more => format!("{one_or_more} read"),
    };
    let asked = seen.failed_at.max(seen.read_at).map(|at| When::new(at, now));
    Provider { redirect: oidc::redirect_uri(app), state, words, asked, error: seen.error, keys }
}

/// `POST /settings/sign-in/check`: sends a request to the provider now.
pub async fn check(State(app): State<AppState>, visitor: Visitor) -> Result<Response, HttpError> {
    let what = "check the provider";
    visitor.require_admin(&app, what).await?;
    let Some(provider) = app.options.authentication_methods.oidc.as_deref() else {
        return Err(visitor.no_such(&app, what).await);
    };
    let said = provider.check(app.context.clock.now()).await;
    let said = said.map(|keys| format!("it answers, with {keys} keys")).map_err(|error| error.to_string());
    commands::note_check(&app.context, &visitor.acting, &provider.settings.issuer, &said).await?;
    Ok(Redirect::to(PATH).into_response())
}
