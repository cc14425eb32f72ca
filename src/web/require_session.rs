//! Requires a session for pages.

use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};

use crate::http::{session, state::AppState};

use super::{saved, sign_in};

/// Runs the handler for a signed-in visitor. Redirects everybody else to the sign-in page.
pub async fn require_session(State(app): State<AppState>, mut request: Request, next: Next) -> Response {
    match session::who_asks(&app, request.headers(), request.extensions(), request.uri()).await {
        Ok(Some(mut visitor)) => {
            visitor.is_after_change = saved::is_after_change(request.uri());
            visitor.set(&mut request);
            next.run(request).await
        }
        Ok(None) => ask_to_sign_in(&app, &request),
        Err(error) => error.into_response(),
    }
}

fn ask_to_sign_in(app: &AppState, request: &Request) -> Response {
    let from_script = request.headers().contains_key("hx-request");
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    if from_script && request.method() == Method::GET {
        // A region that asks for itself again stays as it is; the page says that the session is over (static/live.js).
        let stay = [(HeaderName::from_static("hx-reswap"), HeaderValue::from_static("none"))];
        (StatusCode::UNAUTHORIZED, stay).into_response()
    } else if from_script {
        let to_sign_in = [(HeaderName::from_static("hx-redirect"), HeaderValue::from_static("/sign-in"))];
        (StatusCode::UNAUTHORIZED, to_sign_in).into_response()
    } else if request.uri().path() == "/events" {
        StatusCode::UNAUTHORIZED.into_response()
    } else if request.method() == Method::GET {
        Redirect::to(&sign_in::address(path)).into_response()
    } else {
        sign_in::session_over(app)
    }
}
