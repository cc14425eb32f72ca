//! Items that CloudFront refuses, as the API and the command tell them.

use serde_json::{Value, json};
use unstale::domain::id::InvalidationId;

use super::{
    command::{folder, run},
    program::{Program, json as read},
};
use crate::support::{TestApp, WORKSHOP};

const INVALIDATIONS: &str = "/api/v1/invalidations";

async fn app() -> TestApp {
    let app = TestApp::new().await;
    app.world.sandbox.change_settings(|settings| settings.refuse_paths_with = Some("no-such".to_owned()));
    app
}

fn told(batches: &Value) -> Vec<Value> {
    let told =
        |batch: &Value| json!([batch["state"], batch["items"], batch["refused_item"], batch["cut_into"]]);
    batches.as_array().unwrap().iter().map(told).collect()
}

#[tokio::test]
async fn refused_items_are_named_and_the_others_are_said_to_be_sent() {
    let app = app().await;
    let program = Program::operator(&app).await;
    let body = json!({"distribution": WORKSHOP, "items": ["/a", "/b", "/no-such", "/x"]});
    let accepted = read(&program.request("k", &body).await);
    assert_eq!((&accepted["refused_items"], &accepted["refusal"]), (&json!([]), &Value::Null));
    let one = format!("{INVALIDATIONS}/{}", accepted["id"].as_str().unwrap());
    app.world.submit_once().await;
    let cut = read(&program.get(&one).await);
    assert_eq!(
        told(&cut["batches"]),
        [
            json!(["failed", 4, null, [2, 3]]),
            json!(["queued", 2, null, null]),
            json!(["queued", 2, null, null])
        ]
    );
    let problem = &cut["batches"][0]["problem"];
    assert_eq!(problem["kind"], "invalid_argument");
    let advice = problem["advice"].as_str().unwrap();
    assert!(advice.contains("batches 2 and 3 have its items"), "{advice}");
    assert_eq!((&cut["state"], &cut["refusal"]), (&json!("queued"), &Value::Null), "no item is known yet");

    app.world.live(40).await;
    let ended = read(&program.get(&one).await);
    assert_eq!(ended["state"], "failed");
    assert_eq!(ended["refused_items"], json!(["/no-such"]));
    assert_eq!(ended["refusal"], "CloudFront refused 1 of 4 items: /no-such. The others were sent.");
    assert_eq!(ended["items"], json!(["/a", "/b", "/no-such", "/x"]), "each once");
    assert_eq!(
        told(&ended["batches"])[3..],
        [json!(["failed", 1, "/no-such", null]), json!(["completed", 1, null, null])]
    );
    assert_eq!(ended["contradiction"], Value::Null);
    let listed = read(&program.get(INVALIDATIONS).await);
    assert_eq!(listed["items"][0]["refused_items"], json!(["/no-such"]));
    assert_eq!(read(&program.request("k", &body).await), accepted, "the first answer comes again");
    app.finish().await;
}

/// Its batch was cut, and CloudFront refused both halves.
#[tokio::test]
async fn what_was_refused_as_a_whole_is_tried_again_under_its_key() {
    let app = app().await;
    let program = Program::operator(&app).await;
    let body = json!({"distribution": WORKSHOP, "items": ["/no-such/1", "/no-such/2"]});
    let id = read(&program.request("k", &body).await)["id"].as_str().unwrap().to_owned();
    app.world.live(10).await;
    let ended = read(&program.get(&format!("{INVALIDATIONS}/{id}")).await);
    let words = "CloudFront refused all 2 items: /no-such/1, /no-such/2. Nothing was sent.";
    assert_eq!(ended["refusal"], words);
    app.world.sandbox.change_settings(|settings| settings.refuse_paths_with = None);
    let again = program.request("k", &body).await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (202, None));
    app.world.live(40).await;
    let invalidation = InvalidationId::parse(&id).unwrap();
    assert_eq!(app.world.state(&invalidation).await, "completed");
    assert_eq!(app.world.at_cloudfront(WORKSHOP), 2);
    app.finish().await;
}

#[tokio::test]
async fn the_command_names_refused_items_once() {
    let app = app().await;
    let program = Program::operator(&app).await;
    let folder = folder(&[]);
    let arguments = ["--wait", "--idempotency-key", "k", "/a", "/b", "/no-such", "/x"];
    let first = run(&app, &program.secret, folder.path(), &arguments[1..], "").await;
    assert_eq!(first.code, 0, "{}{}", first.out, first.complaint);
    app.world.live(40).await;
    let ended = run(&app, &program.secret, folder.path(), &arguments, "").await;
    assert_eq!(ended.code, 4, "{}{}", ended.out, ended.complaint);
    let wanted = "CloudFront refused 1 of 4 items: /no-such. The others were sent.\nAWS says: InvalidArgument: Your request contains one or more invalid invalidation paths.\n";
    assert!(ended.out.ends_with(wanted), "{}", ended.out);
    let (_, told) = ended.out.split_once("Ended as failed").unwrap();
    assert_eq!(told.matches("/no-such").count(), 1, "{told}");
    app.finish().await;
}
