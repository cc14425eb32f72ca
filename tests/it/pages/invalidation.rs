//! The page of an invalidation in each state, and what each of its buttons does.

use std::time::Duration;

use cloudfront_sandbox::{Fault, FaultKind};
use unstale::domain::id::InvalidationId;

use crate::support::{Answer, Browser, TestApp, WORKSHOP, page_of, uuid};

/// The states as programs read them.
fn states(page: &Answer) -> Vec<String> {
    page.attributes("#live > .panel:first-of-type .status", "data-state")
}

fn steps(page: &Answer) -> String {
    page.texts(".steps li").join("\n")
}

async fn show(browser: &Browser, id: &InvalidationId) -> Answer {
    let page = browser.get(&page_of(id)).await;
    page.assert_status(200);
    page
}

/// Makes a batch need a look, as a reference that CloudFront has and nobody finds would after a while.
async fn needs_a_look(app: &TestApp, id: &InvalidationId) {
    app.world.is_edited();
    let mut raw = app.world.database.raw().await;
    let now = app.world.now().as_micros();
    let batch = format!(
        "UPDATE batch SET state = 'needs_a_look', first_sent_at = {now}, attempts = 5,
             problem_kind = 'reference_in_use', problem_code = 'InvalidationBatchAlreadyExists',
             problem_message = 'It exists.' WHERE invalidation_id = '{id}'"
    );
    raw.run(&batch).await.unwrap();
    let all = format!("UPDATE invalidation SET state = 'needs_a_look', ended_at = {now} WHERE id = '{id}'");
    raw.run(&all).await.unwrap();
}

#[tokio::test]
async fn queued_then_in_progress_then_completed() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let id = app.world.request("/styles.css\n/about.html").await;

    let page = show(&ada, &id).await;
    assert_eq!(states(&page), ["queued"]);
    assert_eq!(page.text("h1"), "/styles.css and 1 more");
    insta::assert_snapshot!(steps(&page), @r"
    Requested 10:00:00, saved before anything was sent
    Accepted by CloudFront 1st in the queue, starts in a moment
    Completed at the edge
    Checked
    ");
    assert!(page.has("form[action$='/cancel']") && !page.has("form[action$='/retry']"));
    assert_eq!(page.texts(".items li"), ["/about.html", "/styles.css"]);
    let command = "aws cloudfront create-invalidation \\ --distribution-id E2QWRUHAPOMQZL \\ --paths /about.html \\ /styles.css";
    assert_eq!(page.text("#command"), command);
    page.assert_says(app.world.batch(&id).await.caller_reference.as_str());

    app.world.submit().await;
    app.world.advance(Duration::from_secs(3));
    let page = show(&ada, &id).await;
    assert_eq!(states(&page), ["in_progress"]);
    let taken = app.world.sandbox.invalidations(WORKSHOP)[0].id.clone();
    page.assert_says(&taken);
    assert!(!page.has("form[action$='/cancel']"), "what CloudFront has cannot be cancelled");
    assert!(page.has(".steps li[data-now]"));

    app.world.live(20).await;
    let page = show(&ada, &id).await;
    assert_eq!(states(&page), ["completed"]);
    assert_eq!(page.count(".steps li[data-done]"), 3);
    assert!(page.text("#live h2").starts_with("Completed in 2"), "{}", page.text("#live h2"));
    let events = page.texts("#live tbody tr td:nth-child(2)");
    for told in ["Invalidation requested", "Accepted by CloudFront", "Completed at the edge"] {
        assert_eq!(events.iter().filter(|event| *event == told).count(), 1, "{events:?}");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_refusal_shows_the_policy_statement_and_retry_sends_it_again() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let id = app.world.request("/styles.css").await;
    app.world.next_create(FaultKind::AccessDenied);
    app.world.submit().await;

    let page = show(&ada, &id).await;
    assert_eq!(states(&page), ["failed"]);
    assert!(page.has(".panel.trouble"));
    page.assert_says("AWS does not let Unstale do this").assert_says("AccessDenied");
    let policy: serde_json::Value = serde_json::from_str(&page.text(".trouble pre")).unwrap();
    assert_eq!(policy["Resource"], "arn:aws:cloudfront::123456789012:distribution/E2QWRUHAPOMQZL");
    assert_eq!(policy["Action"][0], "cloudfront:CreateInvalidation");
    let home = ada.get("/").await;
    assert_eq!(home.attributes("#recent .status", "data-state"), ["failed"]);

    let head = app.world.head().await;
    let reference = app.world.batch(&id).await.caller_reference;
    let page = ada.submit(&page.form("form[action$='/retry']")).await;
    assert_eq!(page.path, page_of(&id));
    assert_eq!(states(&page), ["queued"]);
    assert_eq!(app.world.events_after(head).await, ["invalidation.retried"]);
    app.world.submit().await;
    assert_eq!(app.world.batch(&id).await.caller_reference, reference);
    assert_eq!(states(&show(&ada, &id).await), ["in_progress"]);
    // The form of the old page comes too late.
    let before = app.kept().await;
    let late = ada.post(&format!("{}/retry", page_of(&id)), &[]).await;
    late.assert_status(409).assert_says("No batch of it is refused now");
    assert_eq!(app.kept().await, before);
    app.finish().await;
}

#[tokio::test]
async fn a_deny_shows_who_can_lift_it_and_no_statement() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let id = app.world.request("/styles.css").await;
    let said = "User: arn:aws:iam::123456789012:user/unstale is not authorized to perform: cloudfront:CreateInvalidation on resource: arn:aws:cloudfront::123456789012:distribution/E2QWRUHAPOMQZL with an explicit deny in a service control policy";
    app.world.fault(Fault::refuse("CreateInvalidation", 403, "AccessDenied", said).times(1));
    app.world.submit().await;
    let page = show(&ada, &id).await;
    assert_eq!(states(&page), ["failed"]);
    page.assert_says("A service control policy denies it. An Allow does not override a Deny")
        .assert_says(said);
    page.assert_says("an administrator of the AWS organization").assert_silent_about("Add this statement");
    assert!(!page.has(".trouble pre"));
    app.finish().await;
}

#[tokio::test]
async fn cancel_takes_back_what_was_not_sent() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let id = app.world.request("/styles.css").await;
    let head = app.world.head().await;
    let form = show(&ada, &id).await.form("form[action$='/cancel']");
    let page = ada.submit(&form).await;
    assert_eq!(states(&page), ["cancelled"]);
    assert_eq!(app.world.events_after(head).await, ["invalidation.cancelled"]);
    assert_eq!(app.world.history().await.pop().unwrap().event.acting.actor.name(), "ada@example.com");
    app.world.submit().await;
    assert_eq!(app.world.at_cloudfront(WORKSHOP), 0);
    let before = app.kept().await;
    let late = ada.press(&form).await;
    late.assert_status(409).assert_says("CloudFront cannot cancel what it has accepted");
    assert_eq!(app.kept().await, before);
    app.finish().await;
}

#[tokio::test]
async fn what_takes_long_says_so_and_offers_to_make_it_again() {
    let app = TestApp::slow(Duration::from_hours(1)).await;
    let ada = app.operator().await;
    let id = app.world.request("/styles.css").await;
    app.world.submit().await;
    app.world.advance(Duration::from_mins(9));
    app.world.poll().await;
    show(&ada, &id).await.assert_silent_about("This takes unusually long");
    app.world.advance(Duration::from_mins(2));
    let page = show(&ada, &id).await;
    assert_eq!(states(&page), ["in_progress"]);
    page.assert_says("This takes unusually long").assert_says("In progress for 11 min");
    let again = page.attributes("a[href^='/?repeat=']", "href");
    assert_eq!(again, vec![format!("/?repeat={id}"); 2]);
    app.finish().await;
}

#[tokio::test]
async fn one_made_outside_is_marked_so() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    app.console(WORKSHOP, "console-1", &["/index.html", "/a"]).await;
    app.world.advance(Duration::from_mins(3));
    app.world.survey().await;
    let id = app.world.recent().await[0].id.clone();
    let page = show(&ada, &id).await;
    page.assert_says("Made outside Unstale").assert_says("console-1");
    assert_eq!(states(&page), ["completed"]);
    assert!(!page.has("form[action$='/cancel']") && !page.has("form[action$='/retry']"));
    let list = ada.get(&format!("/distributions/{WORKSHOP}")).await;
    list.assert_says("made outside Unstale");
    ada.get("/").await.assert_says("made outside Unstale");
    app.finish().await;
}

#[tokio::test]
async fn tickets_in_its_reason_are_links_on_its_page_and_in_lists() {
    let app = TestApp::with_tickets().await;
    let ada = app.operator().await;
    let key = uuid();
    let fields = [
        ("distribution", WORKSHOP),
        ("items", "/a"),
        ("reason", "WEB-412: <b>new</b>"),
        ("request_key", key.as_str()),
    ];
    let own = ada.post("/invalidations", &fields).await.leads_to().unwrap();
    for address in [own, "/".to_owned(), format!("/distributions/{WORKSHOP}")] {
        let page = ada.get(&address).await;
        page.assert_status(200).assert_says("WEB-412 : <b>new</b>");
        let links = page.attributes("a[rel=noreferrer]", "href");
        assert_eq!(links, ["https://jira.example.com/browse/WEB-412"], "{address}");
    }
    app.finish().await;
}

#[tokio::test]
async fn several_batches_are_told_one_by_one() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let typed = (0..20).map(|n| format!("/dir-{n}/*")).collect::<Vec<_>>().join("\n");
    let id = app.world.request(&typed).await;
    app.world.submit().await;
    let page = show(&ada, &id).await;
    assert_eq!(states(&page), ["in_progress"]);
    let batches = page.attributes("table .status", "data-state");
    assert_eq!(batches, ["in_progress", "queued"], "13 wildcards at a time are ours");
    page.assert_says("1 of 2 batches");
    assert!(page.has("form[action$='/cancel']"), "the second was not sent yet");
    let page = ada.submit(&page.form("form[action$='/cancel']")).await;
    assert_eq!(page.attributes("table .status", "data-state"), ["in_progress", "cancelled"]);
    app.world.live(22).await;
    assert_eq!(states(&show(&ada, &id).await), ["completed"]);
    app.finish().await;
}

#[tokio::test]
async fn one_that_cloudfront_no_longer_knows_is_lost_and_not_completed() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let id = app.world.request("/styles.css").await;
    app.world.submit().await;
    app.world.sandbox.remove_distribution(WORKSHOP);
    app.world.advance(Duration::from_secs(4));
    app.world.poll().await;
    assert_eq!(app.world.batch_state(&id).await, "lost");
    let page = show(&ada, &id).await;
    assert_eq!(states(&page), ["needs_a_look"]);
    assert!(page.has(".panel.trouble"));
    assert!(!page.has("form[action$='/retry']"));
    page.assert_says("Unknown to CloudFront");
    app.finish().await;
}

#[tokio::test]
async fn one_that_needs_a_look_is_settled_by_a_person_who_found_it() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let id = app.world.request("/styles.css").await;
    needs_a_look(&app, &id).await;
    let reference = app.world.batch(&id).await.caller_reference.to_string();
    app.console(WORKSHOP, &reference, &["/styles.css"]).await;
    let there = app.world.sandbox.invalidations(WORKSHOP)[0].id.clone();

    let page = show(&ada, &id).await;
    assert_eq!(states(&page), ["needs_a_look"]);
    page.assert_says("Batch 1 needs a look").assert_says(&reference);
    let form = page.form("form[action$='/found']");
    let head = app.world.head().await;
    for bad in ["", "not an id", "I1\u{0}"] {
        let answer = ada.press(&form.clone().with("cloudfront_id", bad)).await;
        answer.assert_status(400).assert_says("Enter the ID as the AWS console shows it");
    }
    assert_eq!(app.world.events_after(head).await, ["act.refused"; 3]);
    let head = app.world.head().await;
    let page = ada.submit(&form.clone().with("cloudfront_id", &there)).await;
    assert_eq!(states(&page), ["in_progress"]);
    assert_eq!(app.world.events_after(head).await, ["batch.resolved"]);
    ada.press(&form.with("cloudfront_id", &there)).await.assert_status(409);
    app.world.live(22).await;
    assert_eq!(states(&show(&ada, &id).await), ["completed"]);
    app.finish().await;
}

#[tokio::test]
async fn one_that_needs_a_look_and_is_not_there_is_sent_again() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let (id, other) = (app.world.request("/styles.css").await, app.world.request("/other").await);
    needs_a_look(&app, &id).await;
    let form = show(&ada, &id).await.form("form[action$='/not-there']");
    // A batch is settled on its own page only.
    let head = app.world.head().await;
    let elsewhere = form.action.replace(id.as_str(), other.as_str());
    ada.post(&elsewhere, &[]).await.assert_status(404);
    assert_eq!(app.world.events_after(head).await, ["act.refused"; 1]);
    let head = app.world.head().await;
    let page = ada.submit(&form).await;
    assert_eq!(app.world.events_after(head).await, ["batch.resolved"]);
    assert_eq!(page.texts(".items li"), ["/styles.css"], "each item is told once");
    assert_eq!(page.attributes("table .status", "data-state"), ["cancelled", "queued"]);
    let repeat = ada.get(&format!("/?repeat={id}")).await.form("#request");
    assert_eq!(repeat.value("items"), "/styles.css");
    app.world.submit().await;
    app.world.live(22).await;
    assert_eq!(states(&show(&ada, &id).await), ["completed"]);
    app.finish().await;
}

#[tokio::test]
async fn one_that_is_not_there_is_a_page_in_words() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let page = ada.get(&format!("/invalidations/{}", uuid())).await;
    page.assert_status(404).assert_says("There is no such page");
    page.assert_says(page.header("x-request-id").unwrap());
    app.finish().await;
}
