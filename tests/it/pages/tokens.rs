//! API tokens: made on the page, shown once, revoked at once.

use std::time::Duration;

use unstale::{
    commands,
    domain::{access::Role, actor::Origin, tokens::token::TokenSecret},
    store::sign_in::people,
};

use crate::support::{SHOP, TestApp, WORKSHOP};

const PAGE: &str = "/settings/tokens";

async fn lets_in(app: &TestApp, secret: &str) -> bool {
    let secret = TokenSecret::parse(secret).expect("what is shown is a token");
    commands::authenticate_token(&app.world.command_context, Origin::default(), &secret)
        .await
        .unwrap()
        .is_some()
}

#[tokio::test]
async fn a_token_is_shown_once_and_good_until_it_is_revoked() {
    let app = TestApp::new().await;
    let admin = app.signed_in("root@example.com", Role::Admin).await;
    let head = app.world.head().await;
    let form = admin.get(PAGE).await.form("#make").with("name", "deploy").with("distribution", WORKSHOP);
    let made = admin.submit(&form).await;
    made.assert_status(200);
    assert_eq!(
        made.form("#make").value("expires"),
        "90d",
        "the next one ends too unless somebody says otherwise"
    );
    let secret = made.text("#token");
    assert!(lets_in(&app, &secret).await);
    let page = admin.get(PAGE).await;
    page.assert_says("deploy").assert_says("StudentWebsiteDistribution: every path");
    page.assert_silent_about(&secret);
    assert!(!page.has("#token"));

    let (token, acting, access) = commands::authenticate_token(
        &app.world.command_context,
        Origin::default(),
        &TokenSecret::parse(&secret).unwrap(),
    )
    .await
    .unwrap()
    .unwrap();
    assert_eq!((acting.actor.name(), acting.origin.sign_in.as_str()), ("deploy", "token"));
    let sees = |app: &str| access.sees(&unstale::domain::id::DistributionId::from_trusted(app));
    assert!(sees(WORKSHOP) && !sees(SHOP));

    let revoke = admin.get(PAGE).await.form(&format!("form[action$='{}/revoke']", token.id));
    let revoked = admin.submit(&revoke).await;
    revoked.assert_status(200);
    assert!(revoked.text("#saved").starts_with("Token revoked: deploy ("), "{}", revoked.text("#saved"));
    assert!(!lets_in(&app, &secret).await);
    assert_eq!(app.world.events_after(head).await, ["token.made", "token.revoked"]);
    let history = app.world.history().await;
    assert!(!format!("{history:?}").contains(&secret), "the history never has the secret");
    app.finish().await;
}

#[tokio::test]
async fn tokens_stand_by_name_and_a_click_on_a_column_orders_them() {
    let app = TestApp::new().await;
    let root = app.signed_in("root@example.com", Role::Admin).await;
    for (name, expires) in [("beta", "30d"), ("Alpha", ""), ("gamma", "7d")] {
        let form = root.get(PAGE).await.form("#make").with("name", name).with("expires", expires);
        root.submit(&form).await.assert_status(200);
        app.world.advance(Duration::from_secs(1));
    }
    let listed = async |order: &str| {
        let page = root.get(&format!("{PAGE}{order}")).await;
        page.texts("tbody td[data-label=Name]")
            .iter()
            .map(|name| name.split_whitespace().next().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(listed("").await, "Alpha beta gamma");
    let heads = root.get(PAGE).await.attributes("th .sort", "href");
    assert_eq!(heads[0], "/settings/tokens?sort=-name");
    assert_eq!(listed("?sort=-name").await, "gamma beta Alpha");
    assert_eq!(listed("?sort=until").await, "gamma beta Alpha", "one without an end is last");
    assert_eq!(listed("?sort=created").await, "beta Alpha gamma");
    assert_eq!(listed("?sort=dancing").await, "Alpha beta gamma");
    app.finish().await;
}

#[tokio::test]
async fn a_token_ends_by_itself() {
    let app = TestApp::new().await;
    let admin = app.signed_in("root@example.com", Role::Admin).await;
    let form = admin.get(PAGE).await.form("#make").with("name", "short").with("expires", "1d");
    let secret = admin.submit(&form).await.text("#token");
    app.world.advance(std::time::Duration::from_hours(23));
    assert!(lets_in(&app, &secret).await);
    app.world.advance(std::time::Duration::from_hours(1));
    assert!(!lets_in(&app, &secret).await);
    app.finish().await;
}

#[tokio::test]
async fn what_is_wrong_is_said_beside_its_field_and_nothing_is_made() {
    let app = TestApp::new().await;
    let admin = app.signed_in("root@example.com", Role::Admin).await;
    let head = app.world.head().await;
    for (name, value, error) in [
        ("name", "", "#name-error"),
        ("expires", "soon", "#expires-error"),
        ("distribution", "E0NOTTHERE", "#distribution-error"),
        ("role", "admin", "#name-error"),
    ] {
        let form = admin.get(PAGE).await.form("#make").with("name", "deploy").with(name, value);
        let fields: Vec<(&str, &str)> = form.fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let answer = admin.post(PAGE, &fields).await;
        answer.assert_status(422);
        assert!(answer.has(error), "{name} {value}");
    }
    assert!(!admin.get(PAGE).await.has("table"));
    assert_eq!(app.world.events_after(head).await, ["act.refused"; 4]);
    app.finish().await;
}

#[tokio::test]
async fn a_token_acts_as_no_more_than_its_maker_may_and_the_pages_say_so_before() {
    let app = TestApp::new().await;
    let root = app.admin().await;
    let ada = app.signed_in("adele@example.com", Role::Admin).await;
    let form = ada.get(PAGE).await.form("#make").with("name", "deploy");
    let secret = ada.submit(&form).await.text("#token");
    let token = TokenSecret::parse(&secret).unwrap();
    let recognised = async || {
        commands::authenticate_token(&app.world.command_context, Origin::default(), &token).await.unwrap()
    };
    let (found, acting, access) = recognised().await.unwrap();
    assert_eq!(access.role, Role::Operator);
    for typed in ["/a", "/b"] {
        let mut new = app.world.new_invalidation(WORKSHOP, typed).await;
        new.not_before = Some(app.world.now().plus(Duration::from_hours(24)));
        commands::request_invalidation(&app.world.command_context, &acting, &new).await.unwrap();
    }
    let row = format!("dialog:has(form[action$='{}/revoke']) + .sub", found.id);
    assert_eq!(root.get(PAGE).await.text(&row), "2 waiting requests will be cancelled");

    let everybody = app.world.database.get(async |conn| people::list(conn).await).await;
    let id = everybody.into_iter().find(|person| person.email == "adele@example.com").unwrap().id;
    let person = format!("/settings/people/{id}");
    let page = root.get(&person).await;
    let told = page.text("#as-viewer");
    assert_eq!(
        told,
        "As a viewer: the tokens made by them (deploy) only look; 2 waiting requests of theirs and of their tokens will be cancelled."
    );
    assert!(page.text("#when-disabled").contains("(deploy) let nobody in"));
    root.post(&format!("{person}/role"), &[("role", "viewer")]).await.assert_status(303);
    assert_eq!(recognised().await.unwrap().2.role, Role::Viewer);
    let states: Vec<_> = app.world.recent().await.iter().map(|one| one.state.as_str()).collect();
    assert_eq!(states, ["cancelled", "cancelled"]);
    let page = root.get(PAGE).await;
    page.assert_says("acts as viewer, because its creator has this role now");
    assert!(!page.has(&row), "nothing waits any more");
    assert!(!root.get(&person).await.has("#as-viewer"));

    root.post(&format!("{person}/disable"), &[]).await.assert_status(303);
    assert!(recognised().await.is_none());
    root.get(PAGE).await.assert_says("its creator is disabled");
    app.finish().await;
}
