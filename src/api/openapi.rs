//! The `OpenAPI` document: generated from the handlers and their types, with what all operations have in common.

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use utoipa::OpenApi;

use crate::http::{caller::Caller, problem};

use super::{channels, checks, invalidations::requests, json::Json, probe};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Unstale",
        version = "1.0.0",
        description = "Refresh what Amazon CloudFront serves: the same plan, limits, grants, queue and history as on the pages. Times are RFC 3339 in UTC. Each answer says in RateLimit headers how often one may ask. Fields may be added; what is there keeps its meaning."
    ),
    components(schemas(
        problem::ProblemDetails,
        requests::PlanRequest,
        requests::NewInvalidationRequest,
        checks::settings::CheckSettingsRequest,
        checks::start::NewCheckRequest,
        channels::payload::PayloadShape,
        probe::wire::ProbeResultsRequest
    ))
)]
struct Common;

/// The document without the operations.
pub fn common() -> utoipa::openapi::OpenApi {
    Common::openapi()
}

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let mut all = super::operations().into_openapi();
    all.merge(super::probe_operations().into_openapi());
    let mut document = serde_json::to_value(all).unwrap_or_default();
    complete(&mut document);
    document
});

/// The complete document.
#[must_use]
pub fn document() -> &'static Value {
    &DOCUMENT
}

/// `GET /api/openapi.json`
pub async fn show(_caller: Caller) -> Response {
    Json(document()).into_response()
}

/// Adds what all operations have in common: the authentication, and the problems with which they may be answered.
fn complete(document: &mut Value) {
    document["components"]["securitySchemes"] = json!({
        "token": {"type": "http", "scheme": "bearer", "description": "An API token, unstale_…"},
        "probe": {"type": "http", "scheme": "bearer", "description": "The token of a probe, unstale_probe_…"}
    });
    let problems = problem::ProblemType::ALL
        .iter()
        .map(|kind| json!({"word": kind.word(), "status": kind.status().as_u16(), "title": kind.title()}));
    document["x-problems"] = problems.collect();
    document["webhooks"] = channels::payload::webhooks();
    document["security"] = json!([{"token": []}]);
    if let Some(info) = document["info"].as_object_mut() {
        info.remove("license");
        info.remove("contact");
    }
    for request in ["PlanRequest", "NewInvalidationRequest", "CheckSettingsRequest", "NewCheckRequest"] {
        document["components"]["schemas"][request]["additionalProperties"] = json!(false);
    }
    let Some(paths) = document["paths"].as_object_mut() else { return };
    for (path, operations) in paths {
        let Some(operations) = operations.as_object_mut() else { continue };
        for (method, operation) in operations {
            if path.starts_with("/api/v1/probe/") {
                operation["security"] = json!([{"probe": []}]);
            }
            if operation["responses"].is_object() {
                add_problems(path, method, &mut operation["responses"]);
            }
        }
    }
}

fn add_problems(path: &str, method: &str, responses: &mut Value) {
    let posts = method != "get";
    let has_body =
        posts && !["/cancel", "/check-up", "/changes", "/test"].iter().any(|act| path.ends_with(act));
    let known = [
        ("400", "The request cannot be read", has_body),
        ("401", "A valid token is needed", true),
        ("403", "This is not allowed", posts || path.starts_with("/api/v1/channels")),
        ("404", "It is not there, or this token may not see it", path != "/api/v1/events"),
        ("409", "It changed in the meantime, or a protected distribution needs more", posts),
        ("413", "The body is larger than 2 MiB", has_body),
        ("415", "The body is not JSON", has_body),
        ("422", "Something in the request needs correction; errors says what", true),
        (
            "429",
            "Too many requests a second, or too many open at once; Retry-After says when to try again",
            true,
        ),
        ("503", "Not now; Retry-After says when to try again", true),
    ];
    for (status, words) in [("200", "It is done, or as it stands"), ("202", "It is on disk")] {
        let Some(answer) = responses.get_mut(status).and_then(Value::as_object_mut) else { continue };
        if answer.get("description").and_then(Value::as_str).unwrap_or_default().is_empty() {
            answer.insert("description".to_owned(), json!(words));
        }
    }
    for (status, description, is_possible) in known {
        if is_possible {
            responses[status] = json!({
                "description": description,
                "content": {(problem::MEDIA_TYPE): {"schema": {"$ref": "#/components/schemas/Problem"}}}
            });
        }
    }
    for status in ["429", "503"] {
        responses[status]["headers"] =
            json!({"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds"}});
    }
    add_limits(responses);
}

/// Adds the rate-limit headers. Every response has them, unless the service runs without that limit.
fn add_limits(responses: &mut Value) {
    let Some(responses) = responses.as_object_mut() else { return };
    for answer in responses.values_mut() {
        for (name, description) in [
            (
                "RateLimit-Policy",
                "The quota of a client: q requests in w seconds, such as \"requests\";q=200;w=4",
            ),
            ("RateLimit", "What is left of it: r requests now, all of it in t seconds"),
        ] {
            answer["headers"][name] = json!({"schema": {"type": "string"}, "description": description});
        }
    }
}
