//! Notification channels by the API, and what the document says of webhooks.

use axum::http::Method;
use serde_json::{Value, json};
use unstale::api;

use crate::support::{Browser, TestApp, World, options};

const PATH: &str = "/api/v1/channels";

async fn send(browser: &Browser, method: Method, path: &str, body: &Value) -> (u16, Value) {
    let headers = [("content-type", "application/json"), ("sec-fetch-site", "same-origin")];
    let response = browser.open(method, path, &headers, body.to_string().into_bytes()).await;
    let status = response.status().as_u16();
    (status, serde_json::from_str(&response.text().await.unwrap()).unwrap_or_default())
}

#[tokio::test]
async fn a_channel_is_added_changed_and_removed_and_its_address_is_never_told() {
    let mut world = World::new().await;
    world.keep_secrets(1);
    let app = TestApp::over(world, options()).await;
    let root = app.admin().await;
    let rules = json!([{"topics": ["failed", "requested"], "scope": "everything"}]);
    let new = json!({"name": "Programs", "kind": "webhook", "address": "https://hooks.example.com/a?key=hush",
        "signing": "ed25519", "rules": rules});
    let (status, added) = send(&root, Method::POST, PATH, &new).await;
    assert_eq!(status, 201, "{added}");
    assert!(added["signing_key"].as_str().unwrap().starts_with("whpk_"), "{added}");
    assert_eq!(added["rules"][0]["topics"], json!(["requested", "failed"]));
    let (_, listed) = send(&root, Method::GET, PATH, &Value::Null).await;
    assert_eq!(listed["channels"][0]["host"], "hooks.example.com");
    assert!(!listed.to_string().contains("hush") && listed["channels"][0].get("signing_key").is_none());

    let path = format!("{PATH}/{}", added["id"].as_str().unwrap());
    let (status, changed) = send(&root, Method::PUT, &path, &json!({"enabled": false, "rules": []})).await;
    assert_eq!((status, &changed["enabled"], &changed["name"]), (200, &json!(false), &json!("Programs")));
    assert_eq!(changed["rules"], json!([]));
    let (status, refused) =
        send(&root, Method::PUT, &path, &json!({"address": "http://a.example.com/"})).await;
    assert_eq!((status, &refused["errors"][0]["pointer"]), (422, &json!("/address")), "{refused}");
    assert_eq!(send(&root, Method::POST, &format!("{path}/test"), &Value::Null).await.0, 409, "it is off");
    send(&root, Method::PUT, &path, &json!({"enabled": true})).await;
    let (status, test) = send(&root, Method::POST, &format!("{path}/test"), &Value::Null).await;
    assert!(status == 202 && test["id"].is_string(), "{test}");
    assert_eq!(send(&root, Method::DELETE, &path, &Value::Null).await.0, 204);
    assert_eq!(send(&root, Method::GET, &path, &Value::Null).await.0, 404);
    app.finish().await;
}

#[tokio::test]
async fn everything_that_is_wrong_is_named_at_its_place() {
    let mut world = World::new().await;
    world.keep_secrets(1);
    let app = TestApp::over(world, options()).await;
    let root = app.admin().await;
    let new = json!({"name": "", "kind": "pigeon", "address": "ftp://a", "rules": []});
    let (status, refused) = send(&root, Method::POST, PATH, &new).await;
    let pointers: Vec<&str> = refused["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["pointer"].as_str().unwrap())
        .collect();
    assert_eq!((status, pointers), (422, vec!["/name", "/kind", "/address"]), "{refused}");
    app.finish().await;
}

#[test]
fn the_document_names_each_webhook_once() {
    let webhooks = api::document()["webhooks"].as_object().unwrap();
    let names: Vec<&str> = webhooks.keys().map(String::as_str).collect();
    for name in
        ["invalidation.requested", "invalidation.checked", "approval.requested", "history.broken", "test"]
    {
        assert!(names.contains(&name), "{names:?}");
    }
    let schemas = &api::document()["components"]["schemas"];
    assert!(schemas["NotificationPayload"]["properties"]["data"].is_object(), "{schemas}");
}
