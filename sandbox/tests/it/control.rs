//! `/_sandbox/…`: steering over HTTP.

use serde_json::json;

use crate::support::{WORKSHOP, World, invalidations, send};

#[tokio::test]
async fn faults_are_set_shown_and_cleared() {
    let world = World::new().await;
    let one = r#"{"operation": "GetInvalidation", "kind": "server_error", "times": 3, "status": 500}"#;
    for body in [one.to_owned(), format!("[{one}]"), format!("{{\"faults\": [{one}]}}")] {
        let (status, set) = world.control("POST", "/_sandbox/faults", &body).await;
        assert_eq!((status, &set[0]["kind"], &set[0]["times"]), (200, &json!("server_error"), &json!(3)));
        assert_eq!(world.control("GET", "/_sandbox/faults", "").await.1, set);
    }
    assert_eq!(world.control("POST", "/_sandbox/faults", r#"[{"kind": "frob"}]"#).await.0, 400);
    assert_eq!(world.control("DELETE", "/_sandbox/faults", "").await.1, json!([]));
    assert!(world.sandbox.faults().is_empty());
}

#[tokio::test]
async fn settings_change_one_by_one() {
    let world = World::new().await;
    let (_, before) = world.control("GET", "/_sandbox/settings", "").await;
    assert_eq!(
        before,
        json!({"same_reference": "earlier", "conflicting_reference": "already_exists",
        "forget_references_after_ms": null, "complete_after_ms": 20_000, "item_limit": 3_000, "reachable": true,
        "trail_after_ms": 0, "data_points_a_page": 100_800, "subscriptions_a_page": 50})
    );
    let change = r#"{"same_reference": "invalid_argument", "complete_after_ms": 0}"#;
    let (_, after) = world.control("POST", "/_sandbox/settings", change).await;
    assert_eq!((&after["same_reference"], &after["reachable"]), (&json!("invalid_argument"), &json!(true)));
    assert_eq!(world.create(WORKSHOP, "r", &["/a"]).await.text("Status"), "Completed");
    assert_eq!(world.control("POST", "/_sandbox/settings", r#"{"frob": 1}"#).await.0, 400);
    assert_eq!(world.control("POST", "/_sandbox/settings", "[]").await.0, 400);
}

#[tokio::test]
async fn calls_are_logged_in_order() {
    let world = World::new().await;
    let id = world.create(WORKSHOP, "r", &["/a", "/b*"]).await.text("Id").to_owned();
    world.call("GET", &format!("{}/I0", invalidations(WORKSHOP)), "").await;
    let (_, calls) = world.control("GET", "/_sandbox/calls", "").await;
    assert_eq!(
        calls[0],
        json!({"n": 1, "at": "2026-11-23T10:00:00.123456Z", "operation": "CreateInvalidation",
        "distribution": WORKSHOP, "caller_reference": "r", "items": ["/a", "/b*"], "access_key": "AKIATEST",
        "status": 201, "code": null, "fault": null, "invalidation": id, "created": true})
    );
    assert_eq!((&calls[1]["status"], &calls[1]["code"]), (&json!(404), &json!("NoSuchInvalidation")));
    let (_, later) = world.control("GET", "/_sandbox/calls?after=1", "").await;
    assert_eq!(later, json!([calls[1]]));
    world.control("DELETE", "/_sandbox/calls", "").await;
    world.call("GET", "/2020-05-31/distribution", "").await;
    let (_, anew) = world.control("GET", "/_sandbox/calls", "").await;
    assert_eq!((anew.as_array().unwrap().len(), &anew[0]["n"]), (1, &json!(3)));
}

#[tokio::test]
async fn distributions_come_change_and_go() {
    let world = World::new().await;
    let path = "/_sandbox/distributions";
    let (_, all) = world.control("GET", path, "").await;
    assert_eq!(all.as_array().unwrap().len(), 5);
    assert!(all[0]["edge_url"].as_str().unwrap().starts_with("http://d12345678.localhost:"));
    let (_, new) = world.control("POST", path, r#"{"comment": "New", "aliases": ["new.example.com"]}"#).await;
    let id = new["id"].as_str().unwrap().to_owned();
    assert!(id.len() == 14 && new["folder"] == id.as_str());
    assert_eq!(world.view(&id, "/").await.status, 200);
    assert_eq!(world.control("POST", path, &new.to_string()).await.1["folder"], new["folder"]);
    let (_, off) = world.control("POST", path, &json!([{"id": id, "enabled": false}]).to_string()).await;
    assert_eq!((&off[0]["enabled"], &off[0]["comment"]), (&json!(false), &json!("New")));
    assert_eq!(world.view(&id, "/").await.status, 403);
    let gone = json!({"id": id, "delete": true}).to_string();
    assert_eq!(world.control("POST", path, &gone).await.0, 200);
    assert_eq!(world.control("POST", path, &gone).await.0, 404);
    assert_eq!(world.create(&id, "r", &["/a"]).await.refusal(), (404, "NoSuchDistribution"));
    world.control("POST", path, &json!({ "id": id }).to_string()).await;
    assert_eq!(world.view(&id, "/").await.source(), "Miss", "its cache went with it");
    for folder in ["..", "a/b", "", ".hidden"] {
        let (status, _) = world.control("POST", path, &json!({"folder": folder}).to_string()).await;
        assert_eq!(status, 400, "{folder}");
    }
}

#[tokio::test]
async fn the_manual_clock_moves_on_request() {
    let world = World::new().await;
    let (_, moved) = world.control("POST", "/_sandbox/clock", r#"{"advance_ms": 1500}"#).await;
    assert_eq!(moved["now"], "2026-11-23T10:00:01.623456Z");
    assert_eq!(world.control("GET", "/_sandbox/clock", "").await.1, moved);
    assert_eq!(world.control("GET", "/_sandbox/frob", "").await.0, 404);
}

#[tokio::test]
async fn views_are_logged_with_their_headers_whether_or_not_they_are_answered() {
    let world = World::new().await;
    world.rules(json!({"path": "/lost", "answer": "close"})).await;
    let host = world.sandbox.edge_url_of(WORKSHOP).unwrap().replace("http://", "");
    let headers = [("host", host.as_str()), ("accept-encoding", "identity")];
    send(&world.sandbox.edge_url(), "HEAD", "/a?b=c", &headers, "").await.unwrap();
    assert!(send(&world.sandbox.edge_url(), "GET", "/lost", &headers, "").await.is_err());
    let (_, views) = world.control("GET", "/_sandbox/views", "").await;
    assert_eq!(
        views[0],
        json!({"n": 1, "at": "2026-11-23T10:00:00.123456Z", "distribution": WORKSHOP, "method": "HEAD",
            "host": host, "target": "/a?b=c", "status": 403, "x_cache": "Error from cloudfront", "headers":
            {"host": host, "accept-encoding": "identity", "connection": "close", "content-length": "0"}})
    );
    assert_eq!((&views[1]["target"], &views[1]["status"]), (&json!("/lost"), &json!(null)));
    assert_eq!(world.control("GET", "/_sandbox/views?after=1", "").await.1, json!([views[1]]));
    assert_eq!(world.control("DELETE", "/_sandbox/views", "").await.1, json!([]));
    assert!(world.sandbox.views().is_empty());
}
