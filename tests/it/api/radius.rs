//! How much a request empties, and what has no known price: told by the API and the command line.

use serde_json::{Value, json};
use unstale::{
    domain::distributions::{flat_rate_plan::FlatRatePlan, traffic::Traffic},
    store::distributions::{flat_rate_plans, traffic},
};

use super::{
    command::{folder, run},
    program::{Program, json},
};
use crate::support::{DOCS, SHOP, START, TestApp, WORKSHOP};

const PLAN: &str = "/api/v1/plan";

async fn measured(app: &TestApp, id: &str, requests_a_minute: u64, hits_per_thousand: Option<u32>) {
    let site = app.world.distribution(id).await.id;
    let traffic = Traffic { requests_a_minute, hits_per_thousand, measured_at: START };
    app.world.database.write(async |tx| traffic::replace(tx, &[(site.clone(), traffic)]).await).await;
}

async fn on_a_plan(app: &TestApp, ids: &[&str]) {
    let mut plans = Vec::new();
    for id in ids {
        plans.push((app.world.distribution(id).await.id, FlatRatePlan::parse("PRO")));
    }
    app.world.database.write(async |tx| flat_rate_plans::replace(tx, &plans).await).await;
}

async fn plan(program: &Program, body: Value) -> Value {
    json(&program.post(PLAN, &body).await)
}

#[tokio::test]
async fn a_plan_says_how_much_a_wide_request_empties() {
    let app = TestApp::new().await;
    let program = Program::operator(&app).await;
    let everything = json!({"distribution": SHOP, "items": ["/*"]});
    assert_eq!(plan(&program, everything.clone()).await["radius"], Value::Null, "it is not known");
    measured(&app, SHOP, 5_218, Some(962)).await;
    let radius = plan(&program, everything.clone()).await["radius"].clone();
    assert_eq!(radius["reach"], "everything");
    assert_eq!((&radius["to_origin_a_minute"], &radius["prefixes"]), (&json!(5_019), &json!([])));
    assert_eq!(
        (&radius["traffic"]["requests_a_minute"], &radius["traffic"]["hit_rate"]),
        (&json!(5_218), &json!(96.2))
    );
    let words = radius["words"].as_str().unwrap();
    assert!(
        words.contains("about 5,000 requests a minute that it answers now will go to the origin"),
        "{words}"
    );
    let folder = plan(&program, json!({"distribution": SHOP, "items": ["/products/*", "/a"]})).await;
    assert_eq!(folder["radius"]["prefixes"], json!(["/products/*"]));
    assert_eq!(folder["radius"]["to_origin_a_minute"], Value::Null);
    let narrow = plan(&program, json!({"distribution": SHOP, "items": ["/products/lamp.html"]})).await;
    assert_eq!(narrow["radius"], Value::Null);
    let parts =
        plan(&program, json!({"items": ["https://shop.example.com/*", "https://docs.example.com/*"]})).await;
    assert!(parts["radius"].is_null(), "each part has its own: {parts}");
    let told: Vec<bool> =
        parts["parts"].as_array().unwrap().iter().map(|part| part["radius"].is_object()).collect();
    assert_eq!(told, [true, false], "{parts}");
    let listed = json(&program.get("/api/v1/distributions").await);
    let shop = listed["items"].as_array().unwrap().iter().find(|one| one["id"] == SHOP).unwrap();
    assert_eq!(shop["traffic"]["requests_a_minute"], 5_218, "{shop}");
    app.finish().await;
}

#[tokio::test]
async fn a_distribution_on_a_flat_rate_plan_is_never_shown_a_price() {
    let app = TestApp::new().await;
    let program = Program::operator(&app).await;
    on_a_plan(&app, &[DOCS, SHOP]).await;
    let items: Vec<String> = (0..1_100).map(|n| format!("/{n}")).collect();
    let flat = plan(&program, json!({"distribution": DOCS, "items": items})).await;
    assert_eq!((&flat["billable_paths"], &flat["unpriced_paths"]), (&json!(1_100), &json!(1_100)));
    assert_eq!(flat["flat_rate_plan"], "PRO");
    for name in ["dollars", "free_paths_left", "forecast"] {
        assert_eq!(flat[name], Value::Null, "{name}");
    }
    let priced = plan(&program, json!({"distribution": WORKSHOP, "items": items})).await;
    assert_eq!((&priced["dollars"], &priced["unpriced_paths"]), (&json!("0.50"), &json!(0)));
    assert_eq!(priced["flat_rate_plan"], Value::Null);
    let of_both = json!({"items": ["https://shop.example.com/a", "https://d12345678.cloudfront.net/a"]});
    let both = plan(&program, of_both).await;
    assert_eq!((&both["dollars"], &both["unpriced_paths"]), (&json!("0.00"), &json!(1)), "{both}");
    let of_plans = json!({"items": ["https://shop.example.com/a", "https://docs.example.com/a"]});
    let neither = plan(&program, of_plans).await;
    assert_eq!((&neither["dollars"], &neither["unpriced_paths"]), (&Value::Null, &json!(2)), "{neither}");

    let request = json!({"distribution": DOCS, "items": items});
    program.post("/api/v1/invalidations", &request).await.assert_status(202);
    app.world.live(40).await;
    let account = json(&program.get("/api/v1/budget").await)["accounts"][0].clone();
    assert_eq!((&account["paths"], &account["flat_rate_paths"]), (&json!(1_100), &json!(1_100)), "{account}");
    assert_eq!(
        (&account["dollars"], &account["free_paths_left"]),
        (&json!("0.00"), &json!(1_000)),
        "{account}"
    );
    app.finish().await;
}

#[tokio::test]
async fn the_command_line_tells_both() {
    let app = TestApp::new().await;
    let program = Program::operator(&app).await;
    let folder = folder(&[]);
    measured(&app, WORKSHOP, 5_218, None).await;
    let ran = run(&app, &program.secret, folder.path(), &["--dry-run", "/*"], "").await;
    assert!(ran.out.contains("! This empties the whole cache: up to 5,200 requests a minute"), "{}", ran.out);
    assert!(ran.out.contains("1 billable path on E2QWRUHAPOMQZL, $0.00, in 1 batch"), "{}", ran.out);
    on_a_plan(&app, &[WORKSHOP]).await;
    let ran = run(&app, &program.secret, folder.path(), &["--dry-run", "/a"], "").await;
    let wanted = "1 path on E2QWRUHAPOMQZL, no known price (on the flat-rate plan Pro: AWS does not say how its paths count), in 1 batch";
    assert!(
        ran.out.contains(wanted) && !ran.out.contains('$') && !ran.out.contains("empties"),
        "{}",
        ran.out
    );
    app.finish().await;
}
