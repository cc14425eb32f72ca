//! Budgets of a month: set, shown, told in a plan, and kept.

use axum::http::Method;
use serde_json::{Value, json};
use unstale::domain::{access::Role, distributions::protection::Guard};

use super::program::{Program, json, pointers, problem};
use crate::support::{Answer, Browser, DOCS, SHOP, TestApp, WORKSHOP};

const PATH: &str = "/api/v1/invalidations";
const PLAN: &str = "/api/v1/plan";
const BUDGETS: &str = "/api/v1/budgets";

async fn put(browser: &Browser, body: &Value) -> (u16, Value) {
    let headers = [("content-type", "application/json"), ("sec-fetch-site", "same-origin")];
    let response = browser.open(Method::PUT, BUDGETS, &headers, body.to_string().into_bytes()).await;
    let status = response.status().as_u16();
    (status, serde_json::from_str(&response.text().await.unwrap()).unwrap())
}

async fn budget(browser: &Browser, scope: &str, id: &str, soft: Option<u64>, hard: Option<u64>) -> Value {
    let body = json!({"scope": scope, "id": id, "soft_items": soft, "hard_items": hard});
    let (status, answer) = put(browser, &body).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

async fn account(app: &TestApp) -> String {
    app.world.distribution(SHOP).await.account().to_owned()
}

async fn plan(program: &Program, body: Value) -> Value {
    json(&program.post(PLAN, &body).await)
}

fn refused(answer: &Answer) -> String {
    problem(answer, 403, "over-budget")["detail"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_plan_says_what_it_needs_of_each_budget_and_a_request_is_held_to_it() {
    let app = TestApp::new().await;
    let (root, program) = (app.admin().await, Program::operator(&app).await);
    let account = account(&app).await;
    let set = budget(&root, "account", &account, Some(2), Some(4)).await;
    assert_eq!((&set["used"], &set["left"], &set["passes"]), (&json!(0), &json!(4), &Value::Null), "{set}");
    let body = |count: usize| {
        let items: Vec<String> = (0..count).map(|n| format!("/{n}")).collect();
        json!({"distribution": SHOP, "items": items})
    };
    let small = plan(&program, body(2)).await;
    assert_eq!((&small["budget"]["passes"], &small["sendable"]), (&json!("none"), &json!(true)), "{small}");
    let soft = plan(&program, body(3)).await;
    assert_eq!((&soft["budget"]["passes"], &soft["sendable"]), (&json!("soft"), &json!(true)), "{soft}");
    let warning = soft["warnings"][0].as_str().unwrap();
    assert!(warning.starts_with("This passes the soft budget of the AWS account"), "{soft}");
    program.post(PATH, &body(3)).await.assert_status(202);
    let hard = plan(&program, body(2)).await;
    let one = &hard["budget"]["budgets"][0];
    assert_eq!((&one["scope"], &one["id"]), (&json!("account"), &json!(account)), "{hard}");
    let numbers = [&one["used"], &one["left"], &one["needs"], &one["passes"]];
    assert_eq!(numbers, [&json!(3), &json!(1), &json!(2), &json!("hard")], "{hard}");
    assert_eq!(hard["sendable"], json!(false), "{hard}");
    assert!(hard["budget"]["refusal"].as_str().unwrap().contains("an administrator may raise"), "{hard}");
    let head = app.world.head().await;
    let detail = refused(&program.post(PATH, &body(2)).await);
    assert!(detail.contains("is 4 items: 3 used, 1 left; this request needs 2"), "{detail}");
    assert_eq!(app.world.events_after(head).await, ["act.refused"]);
    app.finish().await;
}

#[tokio::test]
async fn parts_of_one_account_are_summed() {
    let app = TestApp::new().await;
    let (root, program) = (app.admin().await, Program::operator(&app).await);
    budget(&root, "account", &account(&app).await, None, Some(3)).await;
    let body = json!({"items": ["https://shop.example.com/a", "https://shop.example.com/b",
        "https://docs.example.com/a", "https://docs.example.com/b"]});
    let plan = plan(&program, body.clone()).await;
    assert_eq!(plan["parts"].as_array().unwrap().len(), 2, "{plan}");
    assert!(plan["parts"].as_array().unwrap().iter().all(|part| part["sendable"] == true), "{plan}");
    let one = &plan["budget"]["budgets"][0];
    assert_eq!((&one["needs"], &one["passes"]), (&json!(4), &json!("hard")), "{plan}");
    assert_eq!(plan["sendable"], json!(false), "{plan}");
    refused(&program.post(PATH, &body).await);
    assert_eq!(app.world.recent().await, []);
    app.finish().await;
}

#[tokio::test]
async fn what_waits_for_a_second_person_is_warned_of_and_not_refused() {
    let app = TestApp::new().await;
    let (root, program) = (app.admin().await, Program::operator(&app).await);
    app.protect(SHOP, |protection| protection.guard = Guard::SecondPerson).await;
    budget(&root, "distribution", SHOP, None, Some(0)).await;
    let body = json!({"distribution": SHOP, "items": ["/*"]});
    let plan = plan(&program, body.clone()).await;
    assert_eq!((&plan["sendable"], &plan["budget"]["refusal"]), (&json!(true), &Value::Null), "{plan}");
    assert!(plan["warnings"][0].as_str().unwrap().starts_with("Approval would be refused"), "{plan}");
    program.post(PATH, &body).await.assert_status(202);
    app.finish().await;
}

#[tokio::test]
async fn a_token_has_a_budget_of_its_own_and_the_same_key_is_answered_when_it_is_used_up() {
    let app = TestApp::new().await;
    let (root, program) = (app.admin().await, Program::new(&app, "deploy", Role::Operator, &[]).await);
    budget(&root, "token", "deploy", None, Some(1)).await;
    let body = json!({"distribution": SHOP, "items": ["/a"]});
    program.request("key", &body).await.assert_status(202);
    program.request("key", &body).await.assert_status(202);
    let other = json!({"distribution": DOCS, "items": ["/a"]});
    assert!(refused(&program.request("other", &other).await).contains("the token deploy"));
    Program::new(&app, "other", Role::Operator, &[]).await.post(PATH, &other).await.assert_status(202);
    app.finish().await;
}

#[tokio::test]
async fn everybody_sees_what_applies_to_them() {
    let app = TestApp::new().await;
    let root = app.admin().await;
    let narrowed = Program::new(&app, "narrowed", Role::Operator, &[WORKSHOP]).await;
    app.operator().await;
    budget(&root, "distribution", SHOP, None, Some(9)).await;
    budget(&root, "distribution", WORKSHOP, None, Some(9)).await;
    budget(&root, "person", "ada@example.com", Some(9), None).await;
    budget(&root, "token", "narrowed", Some(9), None).await;
    let scopes = |answer: &Value| -> Vec<String> {
        let all = answer["budgets"].as_array().unwrap().iter();
        all.map(|one| format!("{} {}", one["scope"], one["name"]).replace('"', "")).collect()
    };
    let own = [format!("distribution {WORKSHOP}"), "token narrowed".to_owned()];
    for path in [BUDGETS, "/api/v1/budget"] {
        assert_eq!(scopes(&json(&narrowed.get(path).await)), own, "{path}");
    }
    let response = root.open(Method::GET, BUDGETS, &[], Vec::new()).await;
    let all: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    assert_eq!(scopes(&all).len(), 4, "{all}");
    let removed = budget(&root, "token", "narrowed", None, None).await;
    assert_eq!((&removed["hard_items"], &removed["left"]), (&Value::Null, &Value::Null), "{removed}");
    assert_eq!(scopes(&json(&narrowed.get(BUDGETS).await)), own[..1]);
    app.finish().await;
}

#[tokio::test]
async fn a_wrong_budget_is_told_at_its_field() {
    let app = TestApp::new().await;
    let root = app.admin().await;
    for (body, place) in [
        (json!({"scope": "planet", "id": SHOP, "hard_items": 1}), "/scope"),
        (json!({"scope": "", "id": SHOP, "hard_items": 1}), "/scope"),
        (json!({"id": SHOP, "hard_items": 1}), "/scope"),
        (json!({"scope": "distribution", "hard_items": 1}), "/id"),
        (json!({"scope": "distribution", "id": "E0", "hard_items": 1}), "/id"),
        (json!({"scope": "group", "id": "no\0body", "hard_items": 1}), "/id"),
        (json!({"scope": "distribution", "id": SHOP, "hard_items": -1}), "/hard_items"),
        (json!({"scope": "distribution", "id": SHOP, "hard_items": "1"}), "/hard_items"),
        (json!({"scope": "distribution", "id": SHOP, "soft_items": 2, "hard_items": 1}), "/soft_items"),
        (json!({"scope": "distribution", "id": SHOP, "hard_items": 1, "items": 1}), "/items"),
    ] {
        let head = app.world.head().await;
        let (status, answer) = put(&root, &body).await;
        assert_eq!((status, pointers(&answer)), (422, vec![place]), "{body}: {answer}");
        assert_eq!(app.world.events_after(head).await, ["act.refused"], "{body}");
    }
    app.finish().await;
}
