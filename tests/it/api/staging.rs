//! The staging distribution of a continuous deployment: listed beside its primary one, offered in plans, and refreshed
//! where somebody asks for it.

use axum::http::Method;
use serde_json::{Value, json};
use unstale::domain::{access::Role, distributions::protection::Guard};

use super::{
    command::{folder, run_anywhere},
    program::{Program, json, pointers, problem},
};
use crate::support::{
    SHOP, TestApp, WORKSHOP,
    staging_pair::{HEADER, STAGING, VALUE, deploy, policy, view_staging, with_staging},
};

const PATH: &str = "/api/v1/invalidations";
const PLAN: &str = "/api/v1/plan";

async fn app_with_staging() -> TestApp {
    let app = TestApp::new().await;
    with_staging(&app.world).await;
    app
}

fn body(staging: bool) -> Value {
    let mut body = json!({"distribution": SHOP, "items": ["/a", "/b*"]});
    if staging {
        body["staging"] = json!(true);
    }
    body
}

#[tokio::test]
async fn each_of_a_pair_names_the_other_to_whom_sees_both() {
    let app = app_with_staging().await;
    let whole = Program::operator(&app).await;
    let both = async |program: &Program| {
        let list = json(&program.get("/api/v1/distributions").await);
        let named = |id: &str| {
            let one = list["items"].as_array().unwrap().iter().find(|one| one["id"] == id).cloned();
            one.map(|one| (one["staging_distribution"].clone(), one["primary_distribution"].clone()))
        };
        (named(SHOP), named(STAGING), list.to_string())
    };
    let (shop, staging, _) = both(&whole).await;
    assert_eq!(shop, Some((json!(STAGING), Value::Null)));
    assert_eq!(staging, Some((Value::Null, json!(SHOP))));
    let of_shop = Program::new(&app, "shop", Role::Operator, &[SHOP]).await;
    let (shop, staging, list) = both(&of_shop).await;
    assert_eq!((shop, staging), (Some((Value::Null, Value::Null)), None));
    assert!(!list.contains(STAGING) && !list.contains(HEADER), "{list}");
    let narrow = Program::new(&app, "staging", Role::Operator, &[STAGING]).await;
    let one = json(&narrow.get(&format!("/api/v1/distributions/{STAGING}")).await);
    assert_eq!((&one["staging"], &one["primary_distribution"]), (&json!(true), &Value::Null), "{one}");
    narrow.get(&format!("/api/v1/distributions/{SHOP}")).await.assert_status(404);
    let one = json(&whole.get("/api/v1/distributions/shop.example.com").await);
    assert_eq!((&one["id"], &one["staging_distribution"]), (&json!(SHOP), &json!(STAGING)), "{one}");
    app.finish().await;
}

#[tokio::test]
async fn a_plan_offers_the_staging_distribution_and_says_what_both_cost() {
    let app = app_with_staging().await;
    let program = Program::operator(&app).await;
    let plan = json(&program.post(PLAN, &body(false)).await);
    let offer = &plan["staging"];
    assert_eq!(
        (&offer["distribution"], &offer["traffic"], &offer["paths"], &offer["allowed"]),
        (&json!(STAGING), &json!("header"), &json!(2), &json!(true)),
        "{plan}"
    );
    assert!(offer["text"].as_str().unwrap().contains("which has a cache of its own"), "{plan}");
    assert!(!plan.to_string().contains(VALUE), "the header's value is not told: {plan}");
    assert_eq!((&plan["billable_paths"], &plan["parts"]), (&json!(2), &Value::Null));
    let both = json(&program.post(PLAN, &body(true)).await);
    let parts = both["parts"].as_array().unwrap();
    let of =
        |part: &Value| (part["distribution"].clone(), part["items"].clone(), part["billable_paths"].clone());
    let items = json!(["/a", "/b*"]);
    assert_eq!(of(&parts[0]), (json!(STAGING), items.clone(), json!(2)), "{both}");
    assert_eq!(of(&parts[1]), (json!(SHOP), items, json!(2)), "{both}");
    assert_eq!((&both["billable_paths"], &both["sendable"]), (&json!(4), &json!(true)), "{both}");
    let warnings = parts[0]["warnings"].to_string();
    assert!(
        warnings.contains(&format!("It gets requests with the header {HEADER} to shop.example.com.")),
        "{warnings}"
    );
    assert!(warnings.contains("checks do not see it"), "{warnings}");
    let own = json(&program.post(PLAN, &json!({"distribution": STAGING, "items": ["/a"]})).await);
    assert_eq!(own["staging"], Value::Null);
    assert!(own["warnings"].to_string().contains(HEADER), "{own}");
    app.finish().await;
}

#[tokio::test]
async fn only_with_the_flag_the_staging_distribution_gets_new_bytes() {
    let app = app_with_staging().await;
    let program = Program::operator(&app).await;
    let file = app.world.sandbox.origin_of(SHOP).unwrap().join("twin.txt");
    let body = |staging: bool| json!({"distribution": SHOP, "items": ["/twin.txt"], "staging": staging});
    let seen = async || {
        let shop = app.world.view(SHOP, "/twin.txt").await.text().await.unwrap();
        (shop, view_staging(&app.world, "/twin.txt").await)
    };
    let is = |shop: &str, staging: &str| (shop.to_owned(), staging.to_owned());
    std::fs::write(&file, "one").unwrap();
    assert_eq!(seen().await, is("one", "one"));
    std::fs::write(&file, "two").unwrap();
    program.post(PATH, &body(false)).await.assert_status(202);
    app.world.live(60).await;
    assert_eq!(seen().await, is("two", "one"));
    assert_eq!(app.world.at_cloudfront(STAGING), 0, "nothing is sent there unasked");
    std::fs::write(&file, "three").unwrap();
    let answer = program.request("key", &body(true)).await;
    answer.assert_status(202);
    let taken = json(&answer);
    let all = taken["invalidations"].as_array().unwrap();
    let of = |one: &Value| (one["distribution"].clone(), one["items"].clone(), one["freshness"].clone());
    assert_eq!(of(&all[0]), (json!(STAGING), json!(["/twin.txt"]), json!("off")), "{taken}");
    assert_eq!(of(&all[1]).0, json!(SHOP), "{taken}");
    app.world.live(60).await;
    assert_eq!(seen().await, is("three", "three"));
    assert_eq!((app.world.at_cloudfront(SHOP), app.world.at_cloudfront(STAGING)), (2, 1));
    let again = program.request("key", &body(true)).await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(json(&again)["invalidations"][0]["id"], all[0]["id"]);
    problem(&program.request("key", &body(false)).await, 422, "key-used-for-another");
    app.finish().await;
}

#[tokio::test]
async fn a_staging_distribution_that_one_may_not_see_is_named_nowhere() {
    let app = app_with_staging().await;
    let narrow = Program::new(&app, "shop", Role::Operator, &[SHOP]).await;
    let plan = narrow.post(PLAN, &body(false)).await;
    assert_eq!(json(&plan)["staging"], Value::Null);
    let hidden = narrow.post(PLAN, &body(true)).await;
    assert_eq!(pointers(&problem(&hidden, 422, "invalid")), ["/staging"]);
    let refused = narrow.post(PATH, &body(true)).await;
    assert_eq!(pointers(&problem(&refused, 422, "invalid")), ["/staging"]);
    // The words are those for a distribution that has none.
    let none = json!({"distribution": WORKSHOP, "items": ["/a"], "staging": true});
    let none = problem(&Program::operator(&app).await.post(PATH, &none).await, 422, "invalid");
    assert_eq!(problem(&refused, 422, "invalid")["errors"], none["errors"]);
    for answer in [&plan, &hidden, &refused] {
        assert!(!answer.body.contains(STAGING) && !answer.body.contains(HEADER), "{}", answer.body);
    }
    assert!(app.world.recent().await.is_empty());
    let viewer = Program::new(&app, "viewer", Role::Viewer, &[]).await;
    let looks = json(&viewer.post(PLAN, &body(false)).await);
    assert_eq!(
        (&looks["staging"]["distribution"], &looks["staging"]["allowed"]),
        (&json!(STAGING), &json!(false))
    );
    viewer.post(PATH, &body(true)).await.assert_status(403);
    app.finish().await;
}

#[tokio::test]
async fn what_a_policy_does_not_reach_is_not_offered() {
    let app = app_with_staging().await;
    let program = Program::operator(&app).await;
    let mut disabled = policy();
    disabled.enabled = false;
    deploy(&app.world, Some(disabled)).await;
    assert_eq!(json(&program.post(PLAN, &body(false)).await)["staging"], Value::Null);
    let asked = json(&program.post(PLAN, &body(true)).await);
    assert!(asked["parts"][0]["warnings"].to_string().contains("is disabled"), "{asked}");
    deploy(&app.world, None).await;
    assert_eq!(pointers(&problem(&program.post(PLAN, &body(true)).await, 422, "invalid")), ["/staging"]);
    app.finish().await;
}

#[tokio::test]
async fn lines_that_name_their_sites_reach_the_staging_distribution_once() {
    let app = app_with_staging().await;
    let program = Program::operator(&app).await;
    let staging = app.world.distribution(STAGING).await.domain_name;
    let text = format!("https://shop.example.com/a\nhttps://docs.example.com/d\nhttps://{staging}/only");
    let plan = json(&program.post(PLAN, &json!({"text": text, "staging": true})).await);
    let parts = plan["parts"].as_array().unwrap();
    assert_eq!(parts.len(), 3, "{plan}");
    assert_eq!(
        (&parts[0]["distribution"], &parts[0]["items"]),
        (&json!(STAGING), &json!(["/a", "/only"])),
        "{plan}"
    );
    assert_eq!(plan["billable_paths"], 4, "{plan}");
    program.post(PATH, &json!({"text": text, "staging": true})).await.assert_status(202);
    assert_eq!(app.world.recent().await.len(), 3);
    let wrong = json!({"distribution": SHOP, "items": ["/a", "/b*c"], "staging": true});
    assert_eq!(pointers(&problem(&program.post(PATH, &wrong).await, 422, "invalid")), ["/items/1"]);
    assert_eq!(json(&program.post(PLAN, &wrong).await)["sendable"], false);
    app.finish().await;
}

#[tokio::test]
async fn protections_and_budgets_hold_for_the_staging_distribution_as_for_any_part() {
    let app = app_with_staging().await;
    let (root, program) = (app.admin().await, Program::operator(&app).await);
    app.protect(STAGING, |protection| protection.reason_required = true).await;
    assert_eq!(pointers(&problem(&program.post(PATH, &body(true)).await, 422, "invalid")), ["/reason"]);
    app.protect(STAGING, |protection| protection.guard = Guard::TypedName).await;
    let wide = json!({"distribution": SHOP, "items": ["/*"], "staging": true});
    let asked = problem(&program.post(PATH, &wide).await, 409, "confirmation-needed");
    assert!(app.world.recent().await.is_empty(), "both or none");
    let mut confirmed = wide.clone();
    confirmed["confirm"] = asked["confirm"].clone();
    program.post(PATH, &confirmed).await.assert_status(202);
    assert_eq!(app.world.recent().await.len(), 2);
    app.protect(STAGING, |protection| protection.guard = Guard::SecondPerson).await;
    let answer = json(&program.post(PATH, &wide).await);
    let states: Vec<_> =
        answer["invalidations"].as_array().unwrap().iter().map(|one| one["state"].clone()).collect();
    assert_eq!(states, ["waiting_for_approval", "queued"], "{answer}");
    app.protect(STAGING, |_| ()).await;
    let headers = [("content-type", "application/json"), ("sec-fetch-site", "same-origin")];
    let budget = json!({"scope": "distribution", "id": STAGING, "hard_items": 2});
    let set = root.send(Method::PUT, "/api/v1/budgets", &headers, budget.to_string().into_bytes()).await;
    set.assert_status(200);
    let plan = json(&program.post(PLAN, &body(true)).await);
    assert_eq!(plan["sendable"], false, "{plan}");
    let before = app.world.recent().await.len();
    problem(&program.post(PATH, &body(true)).await, 403, "over-budget");
    assert_eq!(app.world.recent().await.len(), before, "both or none");
    app.finish().await;
}

#[tokio::test]
async fn the_command_names_the_staging_distribution_and_has_a_flag_for_it() {
    let app = app_with_staging().await;
    let program = Program::operator(&app).await;
    let folder = folder(&[]);
    let ran = async |arguments: &[&str]| {
        let whole = [&["--distribution", SHOP, "/a"][..], arguments].concat();
        run_anywhere(&app, &program.secret, folder.path(), &whole, "").await
    };
    let plan = ran(&["--dry-run"]).await;
    assert_eq!(plan.code, 0, "{}", plan.complaint);
    let offer = format!("? {STAGING}  (1 path more with --staging, billed too)");
    assert!(plan.out.contains(&offer) && plan.out.contains("! Requests with the header"), "{}", plan.out);
    let both = ran(&["--dry-run", "--staging"]).await;
    assert!(both.code == 0 && !both.out.contains("with --staging"), "{} {}", both.out, both.complaint);
    for site in [SHOP, STAGING] {
        assert!(both.out.contains(&format!("1 billable path on {site}, $0.00")), "{}", both.out);
    }
    let sent = ran(&["--staging"]).await;
    assert_eq!(sent.code, 0, "{} {}", sent.out, sent.complaint);
    assert_eq!(app.world.recent().await.len(), 2);
    app.finish().await;
}
