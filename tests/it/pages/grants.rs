//! Grants: what they refuse, line by line and at each act, and the pages on which they are set.

use unstale::{
    commands::{self, CommandError},
    domain::access::Role,
};

use crate::support::{Browser, DOCS, SHOP, TestApp, WORKSHOP, page_of, uuid};

const EVE: &str = "eve@example.com";

async fn send(browser: &Browser, app: &str, items: &str) -> crate::support::Answer {
    let fields = [("distribution", app), ("items", items), ("reason", "why"), ("request_key", &uuid())];
    browser.post("/invalidations", &fields).await
}

/// What was done since, and that it is this alone.
async fn only(app: &TestApp, before: i64, action: &str) {
    assert_eq!(app.world.events_after(before).await, [action]);
}

#[tokio::test]
async fn the_plan_refuses_line_by_line_what_is_not_granted() {
    let app = TestApp::new().await;
    let eve = app.narrowed(EVE, Role::Operator, &[WORKSHOP], "/docs/").await;
    let before = app.world.head().await;
    let typed = "/docs/a\n/docs*\n/*\n/docs/../x";
    let plan = eve.post("/plan", &[("distribution", WORKSHOP), ("items", typed)]).await;
    plan.assert_status(200);
    assert_eq!(plan.count("#plan li.refused"), 3);
    plan.assert_says("Line 2 is outside your grants; here you may refresh paths below /docs/ and every tag.");
    assert_eq!(app.world.head().await, before, "a plan leaves nothing");

    let answer = send(&eve, WORKSHOP, typed).await;
    answer.assert_status(422).assert_says("3 lines need correction. Nothing was sent.");
    let form = answer.form("#request");
    assert_eq!((form.value("items"), form.value("reason")), (typed, "why"), "nothing typed is lost");
    only(&app, before, "act.refused").await;
    let before = app.world.head().await;
    send(&eve, WORKSHOP, "/docs/a\n/docs/*\n#tag").await.assert_status(303);
    only(&app, before, "invalidation.requested").await;
    assert_eq!(app.world.recent().await.len(), 1);
    app.finish().await;
}

#[tokio::test]
async fn a_hidden_distribution_is_answered_like_one_that_is_not_there() {
    let app = TestApp::new().await;
    let eve = app.narrowed(EVE, Role::Operator, &[DOCS], "/").await;
    let unknown = send(&eve, "E0000000000000", "/a").await;
    let before = app.world.head().await;
    let hidden = send(&eve, SHOP, "/a").await;
    assert_eq!((hidden.status, unknown.status), (422, 422));
    assert_eq!(hidden.text("#request [role=alert]"), unknown.text("#request [role=alert]"));
    hidden.assert_silent_about(SHOP).assert_silent_about("shop.example.com");
    only(&app, before, "act.refused").await;
    app.finish().await;
}

#[tokio::test]
async fn a_grant_that_was_taken_away_a_moment_ago_counts() {
    let app = TestApp::new().await;
    let eve = app.signed_in(EVE, Role::Operator).await;
    let person = app.person_at(EVE).await;
    let subject = format!("person:{}", person.id);
    let grant = app.grant(&subject, WORKSHOP, "/").await;
    app.grant(&subject, DOCS, "/").await;
    send(&eve, WORKSHOP, "/*").await.assert_status(303);
    let id = app.world.recent().await[0].id.clone();
    // The page was worked out before, the write comes after.
    let new = app.world.new_invalidation(WORKSHOP, "/b").await;
    let remove = format!("DELETE FROM access_grant WHERE id = '{grant}'");
    app.world.database.raw().await.run(&remove).await.unwrap();
    let before = app.world.head().await;
    let mut acting = crate::support::acting();
    acting.actor = unstale::domain::actor::Actor::person(&person.id, EVE);
    let late = commands::request_invalidation(&app.world.command_context, &acting, &new).await;
    assert!(matches!(late, Err(CommandError::Hidden)), "{late:?}");
    only(&app, before, "act.refused").await;
    for act in ["cancel", "retry"] {
        let before = app.world.head().await;
        eve.post(&format!("{}/{act}", page_of(&id)), &[]).await.assert_status(404);
        only(&app, before, "act.refused").await;
    }
    assert_eq!(app.world.state(&id).await, "queued");
    app.finish().await;
}

#[tokio::test]
async fn somebody_elses_wider_request_is_not_theirs_to_change() {
    let app = TestApp::new().await;
    let id = app.world.request("/*").await;
    let eve = app.narrowed(EVE, Role::Operator, &[WORKSHOP], "/docs/").await;
    let page = eve.get(&page_of(&id)).await;
    page.assert_status(200);
    assert!(!page.has("form[action$='/cancel']"));
    let before = app.world.head().await;
    let answer = eve.post(&format!("{}/cancel", page_of(&id)), &[]).await;
    answer.assert_status(403).assert_says("which here allow paths below /docs/");
    only(&app, before, "act.refused").await;
    assert_eq!(app.world.state(&id).await, "queued");
    app.finish().await;
}

#[tokio::test]
async fn a_viewer_does_not_refresh_the_distributions() {
    let app = TestApp::new().await;
    let vera = app.viewer().await;
    assert!(!vera.get("/distributions").await.has("form[action='/distributions/refresh']"));
    let before = app.world.head().await;
    vera.post("/distributions/refresh", &[]).await.assert_status(403);
    only(&app, before, "act.refused").await;
    app.finish().await;
}

#[tokio::test]
async fn groups_are_made_filled_and_deleted() {
    let app = TestApp::new().await;
    let root = app.signed_in("root@example.com", Role::Admin).await;
    let eve = app.signed_in(EVE, Role::Operator).await;
    let id = app.person_at(EVE).await.id;
    let act = async |path: &str, fields: &[(&str, &str)], status: u16, action: &[&str]| {
        let before = app.world.head().await;
        let answer = root.post(path, fields).await;
        answer.assert_status(status);
        assert_eq!(app.world.events_after(before).await, action, "{path} {fields:?}");
        answer
    };
    let offered = root.get("/settings/grants").await.texts("#subject option");
    assert!(offered.iter().any(|label| label == EVE), "{offered:?}");
    assert!(!offered.iter().any(|label| label == "root@example.com"), "grants restrict no administrator");
    let groups = "/settings/groups";
    act(groups, &[("name", " docs team ")], 303, &["group.added"]).await;
    let twice = act(groups, &[("name", "docs team")], 422, &["act.refused"]).await;
    twice.assert_says("A group with this name exists already.");
    assert_eq!(twice.form("form[action='/settings/groups']").value("name"), "docs team");
    act(groups, &[("name", "  ")], 422, &["act.refused"])
        .await
        .assert_says("Write a name of at most 128 characters.");
    let member = [("name", "docs team"), ("person", id.as_str())];
    let members = "/settings/groups/members";
    act(members, &member, 303, &["group.member_added"]).await;
    act(members, &member, 303, &["act.refused"]).await;
    let unknown = [("name", "docs team"), ("person", "nobody@example.com")];
    let refused = act(members, &unknown, 422, &["act.refused"]).await;
    refused.assert_says("Choose somebody from the list.");
    assert_eq!(refused.attribute("[aria-invalid]", "value"), "nobody@example.com", "it stands at its field");
    assert_eq!(refused.attributes("datalist option", "value").len(), 3);
    let by_name = [("name", "docs team"), ("person", " Root@Example.com ")];
    act(members, &by_name, 303, &["group.member_added"]).await;
    act(members, &[("name", "none"), ("person", id.as_str())], 404, &["act.refused"]).await;
    app.grant("group:docs team", DOCS, "/").await;
    eve.get(&format!("/distributions/{SHOP}")).await.assert_status(404);
    eve.get("/settings/access").await.assert_says("of the group docs team").assert_silent_about(SHOP);
    let delete = "/settings/groups/delete";
    let grant = root.get("/settings/grants").await.form("form[action$='/remove']");
    act("/settings/groups/members/remove", &member, 303, &["group.member_removed"]).await;
    eve.get(&format!("/distributions/{DOCS}")).await.assert_status(404);
    eve.get(&format!("/distributions/{SHOP}")).await.assert_status(404);
    act(delete, &[("name", "docs team")], 303, &["grant.removed", "group.deleted"]).await;
    act(delete, &[("name", "docs team")], 404, &["act.refused"]).await;
    act(&grant.action, &[], 404, &["act.refused"]).await;
    let told = app.world.history().await;
    let told = told.iter().find(|one| one.event.action.as_str() == "group.member_removed").unwrap();
    assert_eq!(told.event.old, "eve@example.com in docs team");
    app.finish().await;
}

#[tokio::test]
async fn who_has_no_grant_left_sees_nothing_until_an_administrator_says_otherwise() {
    let app = TestApp::new().await;
    let root = app.signed_in("root@example.com", Role::Admin).await;
    let eve = app.narrowed(EVE, Role::Operator, &[DOCS], "/").await;
    let page = format!("/settings/people/{}", app.person_at(EVE).await.id);
    let widen = format!("{page}/everything");
    root.get(&page).await.assert_says("only what is granted, by 1 grant");
    let before = app.world.head().await;
    root.post(&widen, &[]).await.assert_status(409).assert_says("Grants restrict this person");
    only(&app, before, "act.refused").await;
    let grant = root.get("/settings/grants").await.form("form[action$='/remove']");
    root.press(&grant).await.assert_status(303);
    eve.get(&format!("/distributions/{DOCS}")).await.assert_status(404);
    eve.get(&format!("/distributions/{SHOP}")).await.assert_status(404);
    let told = root.get(&page).await;
    told.assert_says("nothing: no grants left");
    let before = app.world.head().await;
    root.press(&told.form(&format!("form[action='{widen}']"))).await.assert_status(303);
    only(&app, before, "person.scope_widened").await;
    eve.get(&format!("/distributions/{SHOP}")).await.assert_status(200);
    assert!(!root.get(&page).await.has(&format!("form[action='{widen}']")));
    let before = app.world.head().await;
    root.post(&widen, &[]).await.assert_status(409);
    only(&app, before, "act.refused").await;
    eve.post(&widen, &[]).await.assert_status(403);
    app.finish().await;
}

#[tokio::test]
async fn the_form_of_grants_comes_back_with_what_is_wrong() {
    let app = TestApp::new().await;
    let root = app.signed_in("root@example.com", Role::Admin).await;
    app.signed_in(EVE, Role::Operator).await;
    let subject = format!("person:{}", app.person_at(EVE).await.id);
    let person = root.get(&format!("/settings/people/{}", app.person_at(EVE).await.id)).await;
    let restrict = person.attribute("dd a[href*=grants]", "href");
    let base = root.get(&restrict).await.form("#grant");
    assert_eq!(base.value("subject"), subject, "the page of a person leads to a form for them");
    let wrong: [(&[(&str, &str)], &str); 6] = [
        (&[("subject", "person:nobody"), ("distribution", DOCS)], "Choose whom it is for."),
        (&[], "Choose a distribution, or write a tag."),
        (&[("distribution", "E000")], "Choose a distribution, or write a tag."),
        (&[("distribution", DOCS), ("tag", "team")], "Choose a distribution or write a tag, not both."),
        (&[("tag", "=x")], "Write a tag as key or key=value"),
        (&[("distribution", DOCS), ("paths", "/docs/*")], "Leave out *, ?, #"),
    ];
    for (fields, words) in wrong {
        let before = app.world.head().await;
        let form = fields.iter().fold(base.clone(), |form, (name, value)| form.with(name, value));
        // An unticked box is not sent.
        let sent = form.fields.iter().filter(|(name, _)| !name.contains("with_tags") && name != "everything");
        let fields: Vec<(&str, &str)> = sent.map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let answer = root.post(&form.action, &fields).await;
        answer.assert_status(422).assert_says(words);
        let again = answer.form("#grant");
        assert_eq!((again.value("paths"), again.value("tag")), (form.value("paths"), form.value("tag")));
        assert_eq!(app.world.events_after(before).await, ["act.refused"], "{words}");
    }
    let good = [
        ("subject", subject.as_str()),
        ("tag", "team=docs"),
        // The missing slash is added.
        ("paths", "docs/"),
        ("with_tags", "yes"),
        ("tags", "#doc:"),
    ];
    let before = app.world.head().await;
    root.post("/settings/grants", &good).await.assert_status(303);
    only(&app, before, "grant.added").await;
    let told = app.world.history().await.pop().unwrap().event.new;
    assert_eq!(
        told,
        "person eve@example.com: distributions tagged team=docs: paths below /docs/ and tags that begin with #doc:"
    );
    root.post("/settings/grants", &good).await.assert_status(422).assert_says("This grant exists already.");
    let other = [("subject", subject.as_str()), ("tag", "team=blog"), ("paths", "/")];
    root.post("/settings/grants", &other).await.assert_status(303);
    for (order, place) in [("", "blog"), ("?sort=-for", "docs"), ("?sort=-where", "docs")] {
        let listed = root.get(&format!("/settings/grants{order}")).await.texts("td[data-label=Where]");
        assert!(listed.len() == 2 && listed[0].contains(place), "{order}: {listed:?}");
    }
    let everything =
        [("subject", subject.as_str()), ("distribution", DOCS), ("paths", "/docs/"), ("everything", "yes")];
    root.post("/settings/grants", &everything)
        .await
        .assert_status(422)
        .assert_says("only with / as the path prefix");
    app.finish().await;
}

#[tokio::test]
async fn a_grant_by_tag_holds_where_sync_found_the_tag() {
    let app = TestApp::new().await;
    let eve = app.signed_in(EVE, Role::Operator).await;
    let root = app.signed_in("root@example.com", Role::Admin).await;
    let subject = format!("person:{}", app.person_at(EVE).await.id);
    let fields = [("subject", subject.as_str()), ("tag", "team=docs"), ("paths", "/")];
    root.post("/settings/grants", &fields).await.assert_status(303);
    app.world.survey().await;
    eve.get(&format!("/distributions/{DOCS}")).await.assert_status(200).assert_says("team=docs");
    eve.get(&format!("/distributions/{SHOP}")).await.assert_status(404);
    send(&eve, DOCS, "/a").await.assert_status(303);
    // AWS does not let the tags be read any more: they are not known, and nothing is covered by them.
    let denied =
        cloudfront_sandbox::Fault::new("ListTagsForResource", cloudfront_sandbox::FaultKind::AccessDenied);
    app.world.fault(denied);
    app.world.advance(crate::support::seconds(3_601));
    let before = app.world.head().await;
    // All of it is due at once, and keeps the account's pace.
    app.world.live(10).await;
    let told = app.world.events_after(before).await;
    assert!(!told.contains(&"survey.failed"), "{told:?}");
    eve.get(&format!("/distributions/{DOCS}")).await.assert_status(404);
    root.get(&format!("/distributions/{DOCS}")).await.assert_says("not known");
    app.finish().await;
}
