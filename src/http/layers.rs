//! The middleware of every request: its ID, the log, security headers, limits, and the protection against other
//! sites.

pub(crate) mod ambiguous;
pub(crate) mod rate;
pub(crate) mod rejected_requests;

use std::{
    any::Any,
    net::SocketAddr,
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, header, uri::Authority},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use tower::ServiceBuilder;
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer, csrf::CsrfLayer};
use tracing::Instrument;

use crate::{
    commands::new_uuid,
    domain::{actor::Origin, base_url::Addressed},
};

use self::rejected_requests::RejectedRequest;
use super::{
    cookies::{self, CookieKind},
    error::{Cause, HttpError, error_page},
    metrics,
    problem::UnfinishedProblem,
    proxy, ready,
    request_origin::RequestOrigin,
    state::AppState,
    traces,
};

/// Allows only our own files: no inline script, no inline style, and no frame around a page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Turns off the features that no page uses. The names are those that Chromium knows, because it warns of others.
/// Writing to the clipboard stays allowed for the buttons that copy.
const FEATURES: &str = "accelerometer=(), autoplay=(), camera=(), clipboard-read=(), \
    clipboard-write=(self), display-capture=(), encrypted-media=(), fullscreen=(), gamepad=(), geolocation=(), \
    gyroscope=(), hid=(), idle-detection=(), magnetometer=(), microphone=(), midi=(), payment=(), \
    picture-in-picture=(), publickey-credentials-get=(), screen-wake-lock=(), serial=(), usb=(), xr-spatial-tracking=()";

/// The longest time that the API may wait for an invalidation to end.
const API_WAIT: Duration = Duration::from_mins(1);

const USER_AGENT_MAX: usize = 400;
/// The number of characters of a header that are written to the log and the history.
const SAID_MAX: usize = 200;

/// Adds the middleware to the routes. The layer that sees a request first is listed first.
pub fn around(routes: Router<AppState>, app: &AppState) -> Router<AppState> {
    let csrf = CsrfLayer::new();
    let csrf = match app.options.public_url.as_deref().map(|url| csrf.clone().add_trusted_origin(url)) {
        Some(Ok(with_public_url)) => with_public_url,
        Some(Err(_)) | None => csrf,
    };
    // The layers are added in one call, because each separate `layer` would copy all the layers within it for every
    // request.
    routes.layer(
        ServiceBuilder::new()
            .layer(middleware::from_fn_with_state(app.clone(), with_id))
            .layer(middleware::from_fn_with_state(app.clone(), security_headers))
            .layer(CompressionLayer::new())
            .layer(middleware::from_fn_with_state(app.clone(), rate::limit))
            .layer(CatchPanicLayer::custom(panicked))
            .layer(middleware::from_fn_with_state(app.clone(), ambiguous::refuse))
            .layer(middleware::from_fn_with_state(app.clone(), ready::require_file))
            .layer(middleware::from_fn_with_state(app.clone(), proxy::guard))
            .layer(middleware::from_fn_with_state(app.clone(), in_time))
            .layer(middleware::from_fn_with_state(app.clone(), tell_cross_site))
            .layer(csrf.with_rejection_response(|_| cross_site()))
            .layer(middleware::from_fn_with_state(app.clone(), require_own_page))
            .layer(middleware::from_fn(to_the_end)),
    )
}

/// Gives the request an ID, logs it, and writes the body of error responses.
async fn with_id(State(app): State<AppState>, mut request: Request, next: Next) -> Response {
    let id = new_uuid().to_string();
    let started = Instant::now();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let client = client(&request, &app);
    let trace = traces::begin(&request, &id);
    let origin = Origin {
        client_address: client.clone().unwrap_or_default(),
        request_id: id.clone(),
        user_agent: user_agent(request.headers()),
        earlier: cookies::secret_in(request.headers(), &app, CookieKind::Session).map(|secret| secret.hash()),
        base_url: base_url(&request, &app),
        trace_parent: traces::parent_of(&trace),
        ..Origin::default()
    };
    let has_session = origin.earlier.is_some();
    RequestOrigin::set(origin, &mut request);
    let span = tracing::info_span!("request", id = id.as_str(), client = client.as_deref());
    let ended = trace.clone();
    async move {
        let mut response = next.run(request).await;
        if let Some(problem) = UnfinishedProblem::take(&mut response) {
            response = problem
                .finish(response, &path, &id, |title, advice, id| error_page(title, advice, id, has_session));
        }
        if let Ok(value) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(HeaderName::from_static("x-request-id"), value);
        }
        let status = response.status().as_u16();
        let took = started.elapsed();
        metrics::count_request(&path, response.status(), took);
        traces::answered(&ended, status);
        let milliseconds = took.as_millis();
        if let Some(cause) = Cause::of(&response) {
            tracing::error!(%method, path, status, milliseconds, cause, "answered with an error");
        } else {
            tracing::info!(%method, path, status, milliseconds, "answered");
        }
        response
    }
    .instrument(span)
    .instrument(trace)
    .await
}

/// The client's address: the peer, or the one that trusted proxies name in `X-Forwarded-For`.
fn client(request: &Request, app: &AppState) -> Option<String> {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>()?.0.ip();
    let hops: Vec<&str> =
        request.headers().get_all("x-forwarded-for").iter().map(|hop| hop.to_str().unwrap_or("?")).collect();
    Some(app.options.authentication_methods.trusted.client(peer, &hops).to_string())
}

/// The public URL from the settings. Without that setting, the address that the request was sent to, as far as its
/// headers can be trusted.
fn base_url(request: &Request, app: &AppState) -> String {
    if let Some(url) = &app.options.public_url {
        return url.trim_end_matches('/').to_owned();
    }
    let said = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let asked = Addressed {
        // HTTP/2 has the host in the request target instead (`:authority`).
        host: said("host").or_else(|| request.uri().authority().map(Authority::as_str)),
        forwarded_host: said("x-forwarded-host"),
        forwarded_proto: said("x-forwarded-proto"),
    };
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    asked
        .base_url(peer.is_some_and(|peer| app.options.authentication_methods.trusted.contains(peer)))
        .unwrap_or_default()
}

/// The beginning of `User-Agent`, cut to the length that is stored.
fn user_agent(headers: &HeaderMap) -> String {
    let said = headers.get(header::USER_AGENT).and_then(|said| said.to_str().ok()).unwrap_or_default();
    said.chars().take(USER_AGENT_MAX).collect()
}

/// How much longer this request may take: some reads of the API wait for an invalidation to end, within limits of
/// their own.
fn waits_for(request: &Request) -> Duration {
    let waits = ["/api/v1/invalidations/", "/api/v1/probe/"];
    let is_one = waits.iter().any(|path| request.uri().path().starts_with(path));
    let asks = request.method().is_safe() && is_one;
    if asks { API_WAIT } else { Duration::ZERO }
}

/// Answers with an error if the request takes too long. A write that has begun is still finished, see
/// [`to_the_end`].
async fn in_time(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let most = app.options.timeout + waits_for(&request);
    let answer = tokio::time::timeout(most, next.run(request)).await;
    answer.unwrap_or_else(|_| HttpError::TookTooLong.into_response())
}

/// Runs a write in its own task. Dropping the request, as when the browser closes the connection, does not cancel
/// it: either everything is written or nothing.
async fn to_the_end(request: Request, next: Next) -> Response {
    if request.method().is_safe() {
        return next.run(request).await;
    }
    match tokio::spawn(next.run(request).in_current_span()).await {
        Ok(response) => response,
        Err(error) => HttpError::Internal(format!("a handler did not end: {error}")).into_response(),
    }
}

/// Refuses a write that has a session but no word of where it comes from. Browsers send `Sec-Fetch-Site` or
/// `Origin` with every write, so this one is not from one of our pages.
async fn require_own_page(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let silent = !headers.contains_key("sec-fetch-site") && !headers.contains_key(header::ORIGIN);
    let known = cookies::has_session_cookie(headers, &app) || proxy::tells_who_asks(headers, &app);
    if !request.method().is_safe() && silent && known {
        return cross_site();
    }
    next.run(request).await
}

/// Marks the response to a request from another site.
#[derive(Debug, Clone, Copy)]
struct CrossSite;

/// Records requests from other sites: each in the log, at most one a minute in the history.
async fn tell_cross_site(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let origin = RequestOrigin::of(request.extensions());
    let said = origin_in_words(request.headers());
    let response = next.run(request).await;
    if response.extensions().get::<CrossSite>().is_some() {
        RejectedRequest::CrossSite.tell(&app, &origin, &said).await;
    }
    response
}

fn origin_in_words(headers: &HeaderMap) -> String {
    let said = |name: &str| {
        let text = headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("nothing");
        text.chars().take(SAID_MAX).collect::<String>()
    };
    format!("Origin says {}, Sec-Fetch-Site {}", said("origin"), said("sec-fetch-site"))
}

fn cross_site() -> Response {
    let mut response = HttpError::NotAllowed {
        what: "This was sent by another site".to_owned(),
        advice: "Unstale takes changes only from its own pages. Nothing was saved or sent. Open Unstale itself and try there; behind a proxy, check that it passes Host and Origin on and that UNSTALE_PUBLIC_URL is set.".to_owned(),
    }
    .into_response();
    response.extensions_mut().insert(CrossSite);
    response
}

#[expect(clippy::needless_pass_by_value, reason = "the layer hands the box over")]
fn panicked(payload: Box<dyn Any + Send + 'static>) -> Response {
    let what = payload
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| payload.downcast_ref::<&str>().map(ToString::to_string))
        .unwrap_or_default();
    HttpError::Internal(format!("a handler panicked: {what}")).into_response()
}

async fn security_headers(State(app): State<AppState>, request: Request<Body>, next: Next) -> Response {
    // The names of static files change with their content, so these may be cached. Nothing else may be.
    let is_file = request.uri().path().starts_with("/static/");
    let mut response = next.run(request).await;
    let is_kept = is_file && response.headers().contains_key(header::CACHE_CONTROL);
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    set(header::CONTENT_SECURITY_POLICY, POLICY);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    // Today's browsers read the same from `frame-ancestors`. Scanners and old browsers look for this header.
    set(header::X_FRAME_OPTIONS, "DENY");
    set(header::REFERRER_POLICY, "same-origin");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    set(HeaderName::from_static("permissions-policy"), FEATURES);
    if app.is_https() {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000; includeSubDomains");
    }
    if !is_kept {
        set(header::CACHE_CONTROL, "no-store");
    }
    response
}
