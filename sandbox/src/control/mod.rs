//! Owns `/_sandbox/…`: where tests set faults, rules of the edge, settings, distributions and the clock, and read what was called and viewed.

mod distributions;

use std::time::Duration;

use hyper::body::Bytes;
use hyper::header::CONTENT_TYPE;
use hyper::http::request::Parts;
use hyper::{Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::body;
use crate::edge_rules::EdgeRule;
use crate::faults::Fault;
use crate::server::Body;
use crate::state::{Line, Settings};
use crate::tls::CERTIFICATE_AUTHORITY;
use crate::world::World;

/// A request that cannot be done, and why.
type Outcome = Result<Value, (StatusCode, String)>;

/// Answers a request below `/_sandbox/`.
pub(crate) fn handle(world: &World, head: &Parts, body: Option<Bytes>) -> Response<Body> {
    let (status, value) = match act(world, head, body) {
        Ok(value) => (StatusCode::OK, value),
        Err((status, why)) => (status, json!({ "error": why })),
    };
    let mut response = Response::new(body::full(format!("{value:#}\n")));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static("application/json"));
    response
}

fn act(world: &World, head: &Parts, body: Option<Bytes>) -> Outcome {
    let body = body.ok_or((StatusCode::PAYLOAD_TOO_LARGE, "The body is too large.".to_owned()))?;
    let what = head.uri.path().trim_start_matches("/_sandbox/").trim_end_matches('/');
    match (head.method.as_str(), what) {
        ("GET", "faults") => Ok(json!(world.shared.lock().faults.list())),
        ("POST", "faults") => set_faults(world, &body),
        ("DELETE", "faults") => {
            world.shared.lock().faults.set(Vec::new(), world.clock.now());
            Ok(json!([]))
        }
        ("GET", "edge") => Ok(json!(world.shared.lock().edge_rules.list())),
        ("POST", "edge") => set_edge_rules(world, &body),
        ("DELETE", "edge") => {
            world.shared.lock().edge_rules.set(Vec::new(), world.clock.now());
            Ok(json!([]))
        }
        ("GET", "settings") => Ok(json!(world.shared.lock().settings)),
        ("POST", "settings") => change_settings(world, &body),
        ("GET", "calls") => {
            let after = parameter(head, "after").unwrap_or_default();
            Ok(json!(world.shared.lock().calls.after(after)))
        }
        ("GET", "views") => {
            let after = parameter(head, "after").unwrap_or_default();
            Ok(json!(world.shared.lock().views.after(after)))
        }
        ("DELETE", "views") => {
            world.shared.lock().views.clear();
            Ok(json!([]))
        }
        ("DELETE", "calls") => clear_calls(world),
        ("GET", "distributions") => Ok(distributions::list(world)),
        ("POST", "distributions") => distributions::change(world, read(&body)?),
        ("GET", "authority") => Ok(json!({ "pem": CERTIFICATE_AUTHORITY })),
        ("GET", "clock") => Ok(json!({ "now": world.clock.now() })),
        ("POST", "clock") => advance(world, &body),
        _ => Err((StatusCode::NOT_FOUND, "See `cloudfront-sandbox --help` for what there is.".to_owned())),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to `map_err`")]
fn bad(why: impl ToString) -> (StatusCode, String) {
    (StatusCode::BAD_REQUEST, why.to_string())
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, (StatusCode, String)> {
    serde_json::from_slice(body).map_err(bad)
}

fn parameter(head: &Parts, name: &str) -> Option<u64> {
    let query = head.uri.query()?.as_bytes();
    let (_, value) = form_urlencoded::parse(query).find(|(key, _)| key == name)?;
    value.parse().ok()
}

fn set_faults(world: &World, body: &[u8]) -> Outcome {
    let faults: Vec<Fault> = list(&read(body)?, "faults")?;
    let mut state = world.shared.lock();
    state.faults.set(faults, world.clock.now());
    Ok(json!(state.faults.list()))
}

fn set_edge_rules(world: &World, body: &[u8]) -> Outcome {
    let rules: Vec<EdgeRule> = list(&read(body)?, "rules")?;
    rules.iter().try_for_each(EdgeRule::check).map_err(bad)?;
    let mut state = world.shared.lock();
    state.edge_rules.set(rules, world.clock.now());
    Ok(json!(state.edge_rules.list()))
}

/// The rules in a body: a list, an object with the list under its name, or one rule by itself.
fn list<T: DeserializeOwned>(value: &Value, name: &str) -> Result<Vec<T>, (StatusCode, String)> {
    let list = value.get(name).unwrap_or(value);
    let list = if list.is_object() { json!([list]) } else { list.clone() };
    serde_json::from_value(list).map_err(bad)
}

fn change_settings(world: &World, body: &[u8]) -> Outcome {
    let mut state = world.shared.lock();
    let settings: Settings = merged(json!(state.settings), read(body)?)?;
    state.settings = settings;
    Ok(json!(state.settings))
}

/// `known` with the members that `change` names put in their place.
fn merged<T: DeserializeOwned>(mut known: Value, change: Value) -> Result<T, (StatusCode, String)> {
    let (Some(known_members), Value::Object(change)) = (known.as_object_mut(), change) else {
        return Err(bad("A JSON object is needed here."));
    };
    known_members.extend(change);
    serde_json::from_value(known).map_err(bad)
}

fn clear_calls(world: &World) -> Outcome {
    let mut state = world.shared.lock();
    state.calls.clear();
    let noted = state.note(&Line::CallsCleared);
    noted.map_err(|error| (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
    Ok(json!([]))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_ms: u64,
}

fn advance(world: &World, body: &[u8]) -> Outcome {
    let Advance { advance_ms } = read(body)?;
    if world.clock.advance(Duration::from_millis(advance_ms)) {
        return Ok(json!({ "now": world.clock.now() }));
    }
    Err((
        StatusCode::CONFLICT,
        "The sandbox runs on the system's clock: start it with --manual-clock.".to_owned(),
    ))
}
