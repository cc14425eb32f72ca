//! `GET /metrics`: what a Prometheus server reads. At an address of its own, or beside the pages with a token.

mod catalogue;
mod exporter;
mod gauges;
mod open_metrics;
mod part;

pub use exporter::MetricsExporter;
pub(super) use part::count_request;

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use tower_http::compression::CompressionLayer;

use crate::domain::secret::SecretHash;

use super::state::AppState;

/// The text format of Prometheus.
const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";
const NOT_HERE: &str =
    "No metrics here: see UNSTALE_METRICS_TOKEN and UNSTALE_METRICS_LISTEN in docs/OPERATIONS.md.\n";
const NO_TOKEN: &str = "Send the token of UNSTALE_METRICS_TOKEN as Authorization: Bearer.\n";

/// The names of all metrics, without those of the process.
pub fn names() -> impl Iterator<Item = &'static str> {
    catalogue::CATALOGUE.iter().map(|metric| metric.name)
}

/// What is recorded, and who may read it.
#[derive(Debug, Clone)]
pub struct MetricsOptions {
    pub exporter: MetricsExporter,
    /// The hash of the token that readers send. `None`: they are read at the address of their own only, by anybody.
    pub token: Option<SecretHash>,
}

/// The routes of the address that serves metrics only.
pub fn router(app: AppState) -> Router {
    Router::new()
        .route("/metrics", get(show_at_own_address))
        .fallback(|| async { (StatusCode::NOT_FOUND, "Only /metrics is served here.\n") })
        .layer(CompressionLayer::new())
        .with_state(app)
}

/// Metrics beside the pages: with the token only.
pub async fn show(State(app): State<AppState>, headers: HeaderMap) -> Response {
    match &app.options.metrics {
        Some(MetricsOptions { exporter, token: Some(token) }) => {
            if is_sent(&headers, token) {
                answer(&app, exporter, &headers).await
            } else {
                without_token()
            }
        }
        Some(MetricsOptions { token: None, .. }) | None => (StatusCode::NOT_FOUND, NOT_HERE).into_response(),
    }
}

/// Metrics at their own address: with the token, if there is one.
async fn show_at_own_address(State(app): State<AppState>, headers: HeaderMap) -> Response {
    let Some(MetricsOptions { exporter, token }) = &app.options.metrics else {
        return (StatusCode::NOT_FOUND, NOT_HERE).into_response();
    };
    if token.as_ref().is_some_and(|token| !is_sent(&headers, token)) {
        return without_token();
    }
    answer(&app, exporter, &headers).await
}

/// Compares hashes, so that the time of an answer tells nothing of the token.
fn is_sent(headers: &HeaderMap, token: &SecretHash) -> bool {
    let sent = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let sent = sent.and_then(|value| value.split_once(' '));
    sent.is_some_and(|(scheme, sent)| {
        scheme.eq_ignore_ascii_case("bearer") && SecretHash::of(sent.trim().as_bytes()) == *token
    })
}

fn without_token() -> Response {
    let challenge = [(header::WWW_AUTHENTICATE, "Bearer realm=\"metrics\"")];
    (StatusCode::UNAUTHORIZED, challenge, NO_TOKEN).into_response()
}

async fn answer(app: &AppState, exporter: &MetricsExporter, headers: &HeaderMap) -> Response {
    gauges::refresh(app).await;
    let text = exporter.text();
    if wants_open_metrics(headers) {
        let text = open_metrics::of_prometheus(&text);
        ([(header::CONTENT_TYPE, open_metrics::MEDIA_TYPE)], text).into_response()
    } else {
        ([(header::CONTENT_TYPE, MEDIA_TYPE)], text).into_response()
    }
}

/// Prometheus names every format that it reads, the best first, and `OpenMetrics` is among the best. A browser or curl does
/// not name it.
fn wants_open_metrics(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|format| {
        format.trim().starts_with("application/openmetrics-text") && format.contains("version=1.0.0")
    })
}
