//! Holds the `OpenAPI` document still: what programs rely on changes only together with its version.

use std::{fs, path::Path};

use serde_json::Value;
use unstale::api;

/// The document as it was agreed. `UNSTALE_WRITE_OPENAPI=1` writes it anew, to be looked at before it is kept.
const AGREED: &str = "docs/openapi.json";

#[test]
fn the_document_is_the_one_that_was_agreed() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(AGREED);
    let now = format!("{}\n", serde_json::to_string_pretty(api::document()).unwrap());
    if std::env::var_os("UNSTALE_WRITE_OPENAPI").is_some() {
        fs::write(&file, &now).unwrap();
    }
    let agreed = fs::read_to_string(&file).unwrap();
    let before: Value = serde_json::from_str(&agreed).unwrap();
    let broken = breaks(&before, api::document());
    let major = |document: &Value| {
        document["info"]["version"].as_str().unwrap().split('.').next().unwrap().to_owned()
    };
    let newer = major(&before) != major(api::document());
    assert!(newer || broken.is_empty(), "programs would break; raise the version:\n{}", broken.join("\n"));
    assert!(agreed == now, "{AGREED} is not what the code says; look at the difference and write it anew");
}

/// What a program that relied on `before` would miss in `now`.
fn breaks(before: &Value, now: &Value) -> Vec<String> {
    let mut found = Vec::new();
    missing("", before, now, &mut found);
    for (name, schema) in before["components"]["schemas"].as_object().unwrap() {
        let needed = |schema: &Value| schema["required"].as_array().cloned().unwrap_or_default();
        let asks = name.ends_with("Request");
        let (old, new) = (needed(schema), needed(&now["components"]["schemas"][name]));
        found.extend(
            new.iter().filter(|field| asks && !old.contains(field)).map(|f| format!("{name} now needs {f}")),
        );
    }
    found
}

/// Everything that is in a document and not in the other. Words for people may change, and a request may need fewer fields
/// than before.
fn missing(place: &str, before: &Value, now: &Value, found: &mut Vec<String>) {
    match (before, now) {
        (Value::Object(old), Value::Object(new)) => {
            let eased = |name: &str| name == "required" && place.ends_with("Request");
            let kept = |name: &str| !is_for_people(place, name) && !eased(name);
            for (name, value) in old.iter().filter(|(name, _)| kept(name)) {
                let place = format!("{place}/{name}");
                match new.get(name) {
                    Some(now) => missing(&place, value, now, found),
                    None => found.push(format!("{place} is gone")),
                }
            }
        }
        (Value::Array(old), Value::Array(new)) => {
            found
                .extend(old.iter().filter(|one| !new.contains(one)).map(|one| format!("{place} lost {one}")));
        }
        (old, new) if old != new => found.push(format!("{place} was {old} and is {new}")),
        _ => {}
    }
}

fn is_for_people(place: &str, name: &str) -> bool {
    let word = ["description", "summary", "example", "title", "version"].contains(&name);
    word && !place.ends_with("/properties")
}

#[test]
fn a_break_is_found_and_an_addition_is_none() {
    let before = api::document().clone();
    let path = "/paths/~1api~1v1~1invalidations/get/parameters";
    for (pointer, value) in [
        (path, serde_json::json!([])),
        ("/components/schemas/Invalidation/properties", serde_json::json!({})),
        (
            "/components/schemas/NewCheckRequest/required",
            serde_json::json!(["distribution", "items", "reason"]),
        ),
        ("/components/schemas/Problem/properties/status/type", serde_json::json!("string")),
    ] {
        let mut now = before.clone();
        *now.pointer_mut(pointer).unwrap_or_else(|| panic!("no {pointer}")) = value;
        assert!(!breaks(&before, &now).is_empty(), "{pointer}");
    }
    let mut now = before.clone();
    now["components"]["schemas"]["Invalidation"]["properties"]["more"] =
        serde_json::json!({"type": "string"});
    now["info"]["description"] = serde_json::json!("other words");
    assert_eq!(breaks(&before, &now), [""; 0]);
}
