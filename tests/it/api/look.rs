//! Lists in pages, and the wait for an end.

use std::{collections::BTreeSet, time::Duration};

use serde_json::{Value, json};
use unstale::workers::{Indexer, Next};

use super::program::{Program, json};
use crate::support::{SHOP, TestApp, WORKSHOP};

const PATH: &str = "/api/v1/invalidations";

/// All pages of a list, two things a page.
async fn all(program: &Program, path: &str) -> Vec<Value> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    for _ in 0..100 {
        let glue = if path.contains('?') { '&' } else { '?' };
        let page = json(&program.get(&format!("{path}{glue}limit=2{cursor}")).await);
        found.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else { return found };
        cursor = format!("&cursor={next}");
    }
    panic!("the list never ends");
}

#[tokio::test]
async fn lists_come_in_pages_without_gaps_or_repeats() {
    let app = TestApp::new().await;
    let program = Program::operator(&app).await;
    for number in 0..5 {
        app.world.request(&format!("/{number}")).await;
    }
    let id = app.world.request_at(SHOP, "/shop").await;
    let found = all(&program, PATH).await;
    let ids: BTreeSet<&str> = found.iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!((found.len(), ids.len()), (6, 6));
    assert_eq!(found[0]["id"], id.as_str(), "newest first");
    assert_eq!(all(&program, &format!("{PATH}?distribution={SHOP}")).await.len(), 1);
    assert_eq!(all(&program, &format!("{PATH}?state=queued&distribution={WORKSHOP}")).await.len(), 5);
    assert_eq!(all(&program, &format!("{PATH}?state=completed")).await.len(), 0);

    let head = usize::try_from(app.world.head().await).unwrap();
    let events = all(&program, "/api/v1/audit").await;
    assert_eq!(events.len(), head);
    assert_eq!(events[0]["sequence"], head);
    let of_one = all(&program, &format!("/api/v1/audit?invalidation={id}")).await;
    assert_eq!(of_one.len(), 1);
    let requested = format!("/api/v1/audit?action=invalidation.requested&distribution={WORKSHOP}");
    assert_eq!(all(&program, &requested).await.len(), 5);
    let asked = async |query: &str| all(&program, &format!("/api/v1/audit?{query}")).await.len();
    for (query, found) in [
        ("q=/shop", 1),
        ("q=%2F3&action=invalidation.requested", 1),
        ("who=nobody@example.com", 0),
        ("result=failed", 0),
        ("outside=yes", 0),
        ("freshness=stale", 0),
        ("from=2026-01-01&until=2026-01-01", 0),
    ] {
        assert_eq!(asked(query).await, found, "{query}");
    }
    assert_eq!(asked("outside=no").await, head);
    for bad in ["result=maybe", "from=yesterday", "outside=x", "freshness=pending", "who=", "cursor=x"] {
        program.get(&format!("/api/v1/audit?{bad}")).await.assert_status(422);
    }
    let sites = all(&program, "/api/v1/distributions").await;
    assert!(sites.len() >= 3 && sites.iter().any(|app| app["id"] == WORKSHOP));
    app.finish().await;
}

#[tokio::test]
async fn a_plan_says_what_an_earlier_request_refreshes() {
    let app = TestApp::new().await;
    let program = Program::operator(&app).await;
    let body = json!({"distribution": WORKSHOP, "items": ["/a.css", "/news/today.html", "/other.css"]});
    let notes = async || {
        let plan = json(&program.post("/api/v1/plan", &body).await);
        assert_eq!((plan["billable_paths"].as_u64(), plan["sendable"].as_bool()), (Some(3), Some(true)));
        let notes = plan["lines"].as_array().unwrap().iter().map(|line| line["notes"].to_string());
        notes.collect::<Vec<_>>()
    };
    assert_eq!(notes().await, ["[]", "[]", "[]"]);
    app.world.request("/a.css\n/news/*").await;
    let waiting = "still waits to be sent";
    let found = notes().await;
    assert!(found[0].contains(waiting) && found[1].contains(waiting) && found[2] == "[]", "{found:?}");
    app.world.submit().await;
    let found = notes().await;
    let since = "being refreshed since 20";
    assert!(found[0].contains(since) && found[1].contains(since) && found[2] == "[]", "{found:?}");
    app.world.live(40).await;
    assert_eq!(notes().await, ["[]", "[]", "[]"], "it has completed");
    app.finish().await;
}

#[tokio::test]
async fn a_plan_offers_the_siblings_that_the_history_knows() {
    let app = TestApp::new().await;
    let program = Program::operator(&app).await;
    let body = json!({"distribution": WORKSHOP, "items": ["/app.js", "/hero.png"]});
    let offered = async || {
        let plan = json(&program.post("/api/v1/plan", &body).await);
        let lines = plan["lines"].as_array().unwrap().clone();
        let offered = lines.iter().filter(|line| line["verdict"] == "offered");
        offered.map(|line| line["item"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    app.world.request("/app.js\n/app.js.br\n/hero.webp").await;
    assert_eq!(offered().await, [""; 0], "it is not in the search yet");
    let indexer = Indexer::new(app.world.database.db.clone(), app.world.clock.clone());
    while indexer.tick().await.unwrap() == Next::Again {}
    assert_eq!(offered().await, ["/app.js.br", "/hero.webp"]);
    let elsewhere = json!({"distribution": SHOP, "items": ["/app.js"]});
    let plan = json(&program.post("/api/v1/plan", &elsewhere).await);
    assert_eq!(plan["lines"].as_array().unwrap().len(), 1, "another site has its own files");
    app.finish().await;
}

#[tokio::test]
async fn a_wait_is_answered_at_the_end_and_not_before() {
    let app = TestApp::new().await;
    let program = Program::operator(&app).await;
    let id = app.world.request("/a").await;
    let one = format!("{PATH}/{id}");
    let now = json(&program.get(&format!("{one}?wait=1")).await);
    assert_eq!(now["state"], "queued", "the time was over");
    let address = format!("{one}?wait=60");
    let waiting = program.get(&address);
    let working = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        app.world.live(40).await;
    };
    let both = async { tokio::join!(waiting, working).0 };
    let answer = tokio::time::timeout(Duration::from_secs(30), both).await.expect("nobody was woken");
    assert_eq!(json(&answer)["state"], "completed");
    for bad in ["-1", "61", "x", ""] {
        program.get(&format!("{one}?wait={bad}")).await.assert_status(422);
    }
    assert_eq!(json(&program.get("/api/v1/audit?limit=1").await)["items"].as_array().unwrap().len(), 1);
    assert_ne!(json!(null), now["requested_at"]);
    app.finish().await;
}
