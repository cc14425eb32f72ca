//! Protected distributions: the typed name, the second person, the way around, and repeats.

use std::time::Duration;

use unstale::{
    commands::{self, CommandError, Requested},
    domain::{
        access::Role,
        actor::{Acting, Actor},
        checks::ExpectedContent,
        distributions::protection::{Guard, Protection},
        id::{PersonId, ProposalId},
        invalidations::batching::OURS,
        sign_in::person::Person,
    },
    store::{distributions::protections, invalidations::proposals, sign_in::people},
};

use crate::support::{
    Answer, Browser, DOCS, SHOP, TestApp, World, acting, all_seen, no_override, person, seconds, uuid,
};

async fn send(browser: &Browser, items: &str, more: &[(&str, &str)]) -> Answer {
    let key = uuid();
    let fields = [("distribution", SHOP), ("items", items), ("request_key", key.as_str())];
    browser.post("/invalidations", &[&fields, more].concat()).await
}

async fn guarded(guard: Guard) -> TestApp {
    let app = TestApp::new().await;
    app.protect(SHOP, |protection| {
        protection.guard = guard;
        protection.wide_above = Some(2);
    })
    .await;
    app
}

#[tokio::test]
async fn a_wide_request_asks_for_the_name_and_a_narrow_one_does_not() {
    let app = guarded(Guard::TypedName).await;
    let ada = app.operator().await;
    send(&ada, "/a\n/b", &[]).await.assert_status(303);
    let before = app.world.head().await;
    for (items, typed) in [("/*", ""), ("/*", "shop.example"), ("/a\n/b\n/c", "docs.example.com")] {
        let answer = send(&ada, items, &[("confirm", typed), ("reason", "why")]).await;
        answer.assert_status(422).assert_says("type shop.example.com below. Nothing was sent.");
        let form = answer.form("#request");
        assert_eq!((form.value("items"), form.value("confirm"), form.value("reason")), (items, typed, "why"));
        let error = if typed.is_empty() { "Type the name here." } else { "This is not its name." };
        assert_eq!(answer.text("#confirm-error"), error);
        assert!(answer.has("#confirm[aria-invalid][autofocus]"));
    }
    assert_eq!(app.world.events_after(before).await, ["act.refused"; 3]);
    let asked = ada.post("/plan", &[("distribution", SHOP), ("items", "/*")]).await;
    assert!(asked.has("#guard label[for=confirm]"), "the plan asks before it is sent");
    assert!(!asked.has("[autofocus]"), "the plan never takes the focus from who types");
    send(&ada, "/*", &[("confirm", " Shop.Example.COM ")]).await.assert_status(303);
    let event = app.world.history().await.pop().unwrap().event;
    assert_eq!(event.note, "confirmed by typing Shop.Example.COM");
    assert_eq!(event.action.as_str(), "invalidation.requested");
    app.finish().await;
}

#[tokio::test]
async fn a_second_person_approves_and_it_is_sent() {
    let app = guarded(Guard::SecondPerson).await;
    let (ada, bob) = (app.operator().await, app.signed_in("bob@example.com", Role::Operator).await);
    let before = app.world.head().await;
    let asked = send(&ada, "/*", &[("reason", "a new season")]).await;
    let page = ada.visit(&asked.assert_status(303).leads_to().unwrap()).await;
    page.assert_says(
        "Your request was saved and waits for the approval of a second person. Nothing was sent yet.",
    );
    assert_eq!(app.world.events_after(before).await, ["proposal.made"]);
    assert_eq!(app.world.recent().await, [], "nothing is queued");
    assert!(!page.has("form[action$='/approve']"), "nobody approves their own");
    assert!(page.has("#live[hx-trigger]"), "who asked sees the decision at once");
    page.assert_says("Expires in 24 hours");
    let history = ada.get("/history").await;
    assert!(history.text("#waiting").starts_with("1 request waits for approval"));
    let home = ada.get("/").await;
    home.assert_says("Your request waits for the approval of a second person");
    assert!(!home.has("#nav-approvals .count"), "only what ada may decide is counted");
    let home = bob.get("/").await;
    home.assert_says("One request waits for your approval");
    assert_eq!(home.text("#nav-approvals .count"), "1");
    let carol = app.signed_in("carol@example.com", Role::Viewer).await;
    assert!(!carol.get("/").await.has("#nav-approvals .count"), "a viewer decides nothing");
    let plan = |of: &'static str| [("distribution", SHOP), ("items", of)];
    let asked = ada.post("/plan", &plan("/*")).await;
    assert!(asked.text("#same-waiting").starts_with("You requested the same items"));
    asked.assert_says("starts after approval");
    assert!(
        bob.post("/plan", &plan("/*")).await.text("#same-waiting").starts_with("ada@example.com requested")
    );
    assert!(!bob.post("/plan", &plan("/a/*\n/b\n/c")).await.has("#same-waiting"), "these are others");
    assert!(!bob.get("/approvals").await.has("#live[hx-trigger]"), "a comment that is typed is not lost");

    let form = bob.get("/approvals").await.form("form[action$='/approve']").with("word", "go ahead");
    let before = app.world.head().await;
    let own = ada.press(&form).await;
    own.assert_status(403).assert_says("a request needs the approval of another person");
    assert_eq!(app.world.events_after(before).await, ["act.refused"]);
    let vera = app.viewer().await;
    let before = app.world.head().await;
    vera.press(&form).await.assert_status(403);
    assert_eq!(app.world.events_after(before).await, ["act.refused"]);

    let before = app.world.head().await;
    bob.submit(&form).await.assert_status(200).assert_says("ada@example.com").assert_says("a new season");
    assert_eq!(app.world.events_after(before).await, ["proposal.approved"]);
    let event = app.world.history().await.pop().unwrap().event;
    assert_eq!(event.acting.actor.name(), "bob@example.com");
    assert_eq!(event.note, "approved by bob@example.com, requested by ada@example.com: go ahead");
    let made = app.world.recent().await.remove(0);
    assert_eq!(made.requested_by.name(), "ada@example.com");
    assert_eq!(event.invalidation, Some(made.id.clone()));
    bob.press(&form).await.assert_status(409);
    app.world.live(25).await;
    assert_eq!(app.world.state(&made.id).await, "completed");
    app.finish().await;
}

#[tokio::test]
async fn the_same_is_not_approved_twice_within_the_cool_down() {
    let app = guarded(Guard::SecondPerson).await;
    app.protect(SHOP, |protection| {
        protection.guard = Guard::SecondPerson;
        protection.wide_above = Some(2);
        protection.cool_down = Duration::from_hours(1);
    })
    .await;
    let (ada, bob) = (app.operator().await, app.signed_in("bob@example.com", Role::Operator).await);
    for _ in 0..2 {
        send(&ada, "/*\n/w/*", &[]).await.assert_status(303);
    }
    let first = bob.get("/approvals").await.form("form[action$='/approve']");
    bob.press(&first).await.assert_status(303);
    bob.press(&first).await.assert_status(409);
    let second = bob.get("/approvals").await.form("form[action$='/approve']");
    assert_ne!(first.action, second.action);
    bob.press(&second).await.assert_status(403).assert_says("within the distribution's cool-down");
    assert_eq!(app.world.recent().await.len(), 1);
    app.finish().await;
}

#[tokio::test]
async fn declining_needs_a_word_and_a_day_is_the_end() {
    let app = guarded(Guard::SecondPerson).await;
    let (ada, bob) = (app.operator().await, app.signed_in("bob@example.com", Role::Admin).await);
    send(&ada, "/*", &[]).await.assert_status(303);
    let approve = bob.get("/approvals").await.form("form[action$='/approve']");
    let decline = approve.action.replace("/approve", "/decline");
    let before = app.world.head().await;
    bob.post(&decline, &[("word", " ")])
        .await
        .assert_status(422)
        .assert_says("Write a comment that says why you decline");
    assert_eq!(app.world.events_after(before).await, ["act.refused"; 1]);
    let before = app.world.head().await;
    bob.post(&decline, &[("word", "not on a Friday")]).await.assert_status(303);
    assert_eq!(app.world.events_after(before).await, ["proposal.declined"]);
    ada.get("/approvals").await.assert_says("Declined").assert_says("bob@example.com: not on a Friday");
    bob.press(&approve).await.assert_status(409);

    send(&ada, "/*", &[]).await.assert_status(303);
    let late = bob.get("/approvals").await.form("form[action$='/approve']");
    app.world.advance(Duration::from_hours(11));
    ada.get("/approvals").await.assert_status(200);
    bob.get("/approvals").await.assert_status(200);
    app.world.advance(Duration::from_hours(11));
    bob.get("/approvals").await.assert_status(200);
    ada.get("/approvals").await.assert_status(200);
    app.world.advance(Duration::from_hours(2));
    bob.press(&late).await.assert_status(409);
    bob.get("/approvals").await.assert_says("Expired").assert_says("Nothing waits for approval.");
    assert_eq!(app.world.recent().await, []);
    app.finish().await;
}

#[tokio::test]
async fn what_must_be_gone_is_told_to_the_second_person_and_stays_so() {
    let app = guarded(Guard::SecondPerson).await;
    let (ada, bob) = (app.operator().await, app.admin().await);
    send(&ada, "/*", &[("gone", "yes")]).await.assert_status(303);
    let page = bob.get("/approvals").await;
    page.assert_says("Viewers must get 403, 404 or 410");
    bob.press(&page.form("form[action$='/approve']")).await.assert_status(303);
    let found = app.world.recent().await.remove(0);
    assert_eq!(found.expected, ExpectedContent::Gone);
    let notes: Vec<String> = app.world.history().await.into_iter().map(|one| one.event.note).collect();
    let told = notes.iter().filter(|note| note.ends_with("; viewers must get 403, 404 or 410")).count();
    assert_eq!(told, 2, "the request and the approval: {notes:?}");
    app.finish().await;
}

#[tokio::test]
async fn what_is_to_be_warm_is_told_to_the_second_person_and_stays_so() {
    let app = guarded(Guard::SecondPerson).await;
    let (ada, bob) = (app.operator().await, app.admin().await);
    send(&ada, "/*", &[("warm", "yes")]).await.assert_status(303);
    let page = bob.get("/approvals").await;
    page.assert_says("Each URL is fetched once");
    bob.press(&page.form("form[action$='/approve']")).await.assert_status(303);
    assert!(app.world.recent().await.remove(0).warm);
    assert_eq!(app.world.database.raw().await.number("SELECT count(*) FROM warming").await, 1);
    app.finish().await;
}

#[tokio::test]
async fn whoever_asked_may_take_it_back() {
    let app = guarded(Guard::SecondPerson).await;
    let ada = app.operator().await;
    send(&ada, "/*", &[]).await.assert_status(303);
    let form = ada.get("/approvals").await.form("form[action$='/decline']");
    ada.press(&form).await.assert_status(303);
    assert_eq!(app.world.history().await.pop().unwrap().event.note, "withdrawn");
    let list = ada.get("/approvals").await;
    assert_eq!(list.texts("tbody .status"), ["Withdrawn"], "nobody declined it");
    app.finish().await;
}

#[tokio::test]
async fn tickets_in_its_reason_are_links_while_it_waits_and_after() {
    let app = TestApp::with_tickets().await;
    app.protect(SHOP, |protection| protection.guard = Guard::SecondPerson).await;
    let ada = app.operator().await;
    send(&ada, "/*", &[("reason", "WEB-412: a new season")]).await.assert_status(303);
    let page = ada.get("/approvals").await;
    assert_eq!(page.attributes("dd a[rel=noreferrer]", "href"), ["https://jira.example.com/browse/WEB-412"]);
    let page = ada.submit(&page.form("form[action$='/decline']")).await;
    page.assert_says("Nothing waits for approval.").assert_says("WEB-412 : a new season");
    assert_eq!(page.attributes("td .sub a", "href"), ["https://jira.example.com/browse/WEB-412"]);
    app.finish().await;
}

#[tokio::test]
async fn an_administrator_goes_on_alone_with_a_reason_and_it_stands_out() {
    let app = guarded(Guard::SecondPerson).await;
    let root = app.signed_in("root@example.com", Role::Admin).await;
    let ada = app.operator().await;
    let before = app.world.head().await;
    let without = send(&root, "/*", &[("alone", "yes")]).await;
    without.assert_status(422).assert_says("This needs a reason. Nothing was sent.");
    assert_eq!(app.world.events_after(before).await, ["act.refused"; 1]);
    let before = app.world.head().await;
    assert!(without.has("button[name=alone]"));
    let plan = ada.post("/plan", &[("distribution", SHOP), ("items", "/*")]).await;
    assert!(!plan.has("button[name=alone]"), "only administrators are offered it");
    send(&ada, "/*", &[("alone", "yes"), ("reason", "now")]).await.assert_status(422);
    assert_eq!(app.world.events_after(before).await, ["act.refused"]);
    let before = app.world.head().await;
    send(&root, "/*", &[("alone", "yes"), ("reason", "prices are wrong")]).await.assert_status(303);
    assert_eq!(app.world.events_after(before).await, ["protection.overridden"]);
    let history = root.get("/history").await;
    assert!(history.text("li.stands-out").contains("Approval skipped (emergency)"));
    let history = root.get("/history?tab=everything").await;
    assert!(history.text("tr.stands-out").contains("Approval skipped (emergency)"));
    assert_eq!(app.world.recent().await.len(), 1);
    app.finish().await;
}

#[tokio::test]
async fn a_reason_can_be_mandatory() {
    let app = TestApp::new().await;
    app.protect(SHOP, |protection| protection.reason_required = true).await;
    let ada = app.operator().await;
    let answer = send(&ada, "/a", &[]).await;
    answer.assert_status(422).assert_says("This needs a reason.");
    assert!(answer.has("#reason[aria-invalid]"));
    send(&ada, "/a", &[("reason", "why")]).await.assert_status(303);
    app.finish().await;
}

#[tokio::test]
async fn a_repeat_is_answered_with_the_one_in_flight() {
    let app = TestApp::new().await;
    app.protect(SHOP, |protection| protection.cool_down = seconds(30)).await;
    let (ada, bob) = (app.operator().await, app.signed_in("bob@example.com", Role::Operator).await);
    let first = send(&ada, "/a\n/b", &[]).await.leads_to().unwrap();
    app.world.advance(seconds(12));
    let before = app.world.head().await;
    let repeat = send(&bob, "/b\n/a", &[]).await.leads_to().unwrap();
    assert_eq!(repeat, format!("{first}?held=back"));
    let page = bob.get(&repeat).await;
    page.assert_says("The same items were requested 12 s ago by ada@example.com. Nothing was sent again.");
    assert_eq!(app.world.events_after(before).await, ["invalidation.repeat_held_back"]);
    assert_eq!(app.world.recent().await.len(), 1);
    send(&bob, "/a", &[]).await.assert_status(303);
    app.world.advance(seconds(30));
    assert_ne!(send(&bob, "/a\n/b", &[]).await.leads_to().unwrap(), repeat);
    assert_eq!(app.world.recent().await.len(), 3);
    app.finish().await;
}

#[tokio::test]
async fn the_form_of_protections_comes_back_with_what_is_wrong() {
    let app = TestApp::new().await;
    let root = app.signed_in("root@example.com", Role::Admin).await;
    let base = root.get("/settings/protection").await.form("#protection").with("distribution", DOCS);
    let before = app.world.head().await;
    for (field, value, words) in [
        ("distribution", "", "Choose a distribution."),
        ("distribution", "E000", "Choose a distribution."),
        ("guard", "x", "Choose what a wide request needs."),
        ("wide_above", "0", "Enter a number from 1 to 20000, or leave it empty."),
        ("cool_down", "-1", "Enter a number of seconds from 0 to 3600."),
    ] {
        let answer = root.press(&base.clone().with(field, value)).await;
        answer.assert_status(422).assert_says(words);
    }
    assert_eq!(app.world.events_after(before).await, ["act.refused"; 5]);
    let before = app.world.head().await;
    let good = [("distribution", DOCS), ("guard", "typed_name"), ("wide_above", "100"), ("cool_down", "30")];
    root.post("/settings/protection", &good).await.assert_status(303);
    assert_eq!(app.world.events_after(before).await, ["protection.changed"]);
    let event = app.world.history().await.pop().unwrap().event;
    assert_eq!(event.old, "not protected");
    let words =
        "/* or more than 100 items needs the domain name, typed once more; repeats within 30 s are not sent";
    assert_eq!(event.new, words);
    root.get(&format!("/distributions/{DOCS}")).await.assert_says(words);
    app.finish().await;
}

/// Two people on a protected distribution.
async fn two_people(world: &World, change: impl FnOnce(&mut Protection)) -> (Acting, Acting) {
    let mut protection = Protection::none(world.distribution(SHOP).await.id);
    change(&mut protection);
    world.database.write(async |tx| protections::set(tx, &protection).await).await;
    let mut all = Vec::new();
    for email in ["bob@example.com", "eve@example.com"] {
        let one: Person = person(email, Role::Operator);
        world.database.write(async |tx| people::insert(tx, &one, "hash").await).await;
        all.push(Acting { actor: Actor::person(&one.id, email), ..acting() });
    }
    let eve = all.pop().unwrap();
    (all.pop().unwrap(), eve)
}

async fn proposed(world: &World) -> ProposalId {
    let new = world.new_invalidation(SHOP, "/*").await;
    match commands::request_invalidation(&world.command_context, &acting(), &new).await.unwrap() {
        Requested::Proposed(id) => id,
        other => panic!("{other:?}"),
    }
}

async fn two_approvals_at_once_are_one(world: World) {
    let (bob, eve) = two_people(&world, |protection| protection.guard = Guard::SecondPerson).await;
    let id = proposed(&world).await;
    let before = world.head().await;
    let approve = |who: Acting| {
        let (command_context, id) = (world.command_context.clone(), id.clone());
        async move { commands::approve_proposal(&command_context, &who, &id, no_override(), OURS).await }
    };
    let both = tokio::join!(tokio::spawn(approve(bob)), tokio::spawn(approve(eve)));
    let both = [both.0.unwrap(), both.1.unwrap()];
    assert_eq!(both.iter().filter(|done| done.is_ok()).count(), 1, "{both:?}");
    assert!(both.iter().any(|done| matches!(done, Err(CommandError::TooLate))), "{both:?}");
    assert_eq!(world.recent().await.len(), 1);
    assert_eq!(world.events_after(before).await, ["proposal.approved"]);
    world.finish().await;
}

async fn two_requests_at_once_are_one(world: World) {
    let (bob, eve) = two_people(&world, |protection| protection.cool_down = seconds(30)).await;
    let (one, two) = (world.new_invalidation(SHOP, "/a").await, world.new_invalidation(SHOP, "/a").await);
    let request = |who: Acting, new| {
        let command_context = world.command_context.clone();
        async move { commands::request_invalidation(&command_context, &who, &new).await.unwrap() }
    };
    let both = tokio::join!(tokio::spawn(request(bob, one)), tokio::spawn(request(eve, two)));
    let both = [both.0.unwrap(), both.1.unwrap()];
    assert_eq!(both.iter().filter(|done| matches!(done, Requested::New(..))).count(), 1, "{both:?}");
    assert_eq!(both.iter().filter(|done| matches!(done, Requested::HeldBack(_))).count(), 1, "{both:?}");
    assert_eq!(world.recent().await.len(), 1);
    world.finish().await;
}

#[tokio::test]
async fn races_end_with_one_on_sqlite() {
    two_approvals_at_once_are_one(World::new().await).await;
    two_requests_at_once_are_one(World::new().await).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres"]
async fn races_end_with_one_on_postgres() {
    let world = World::on_postgres().await;
    two_approvals_at_once_are_one(world).await;
    two_requests_at_once_are_one(World::on_postgres().await).await;
}

#[tokio::test]
async fn what_the_asker_may_not_do_any_more_is_not_approved() {
    let world = World::new().await;
    let (bob, _) = two_people(&world, |protection| protection.guard = Guard::SecondPerson).await;
    let id = proposed(&world).await;
    let narrow =
        "INSERT INTO access_grant (id, subject_kind, subject_id, distribution_id, path_prefix, everything,
         created_at) VALUES ('g', 'person', 'p1', 'E1SHOP7K2M4NQX', '/docs/', FALSE, 1)";
    world.database.raw().await.run(narrow).await.unwrap();
    let before = world.head().await;
    let late = commands::approve_proposal(&world.command_context, &bob, &id, no_override(), OURS).await;
    assert!(matches!(late, Err(CommandError::NotAllowed(_))), "{late:?}");
    assert_eq!(world.events_after(before).await, ["act.refused"]);
    assert_eq!(world.recent().await, []);
    let now = world.now();
    let waiting = world
        .database
        .get(async |conn| {
            proposals::waiting_for(conn, &PersonId::from_trusted("nobody"), &all_seen(), now).await
        })
        .await;
    assert_eq!(waiting, 1, "it waits on");
    assert_eq!(PersonId::from_trusted("p1").as_str(), acting().actor.id());
    world.finish().await;
}
