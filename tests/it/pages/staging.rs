//! The staging distribution of a continuous deployment on the pages: linked, offered with a box, and sent where it is
//! checked.

use cloudfront_sandbox::{Fault, FaultKind};
use unstale::domain::{access::Role, distributions::protection::Guard};

use crate::support::{
    Browser, SHOP, TestApp, WORKSHOP,
    staging_pair::{HEADER, STAGING, STAGING_DOMAIN, deploy, make_staging, policy, with_staging},
    uuid,
};

async fn app_with_staging() -> TestApp {
    let app = TestApp::new().await;
    with_staging(&app.world).await;
    app
}

async fn page_of(browser: &Browser, id: &str) -> crate::support::Answer {
    let page = browser.get(&format!("/distributions/{id}")).await;
    page.assert_status(200);
    page
}

#[tokio::test]
async fn the_plan_has_a_box_and_sends_to_the_staging_distribution_where_it_is_checked() {
    let app = app_with_staging().await;
    let ada = app.operator().await;
    let fields = [("distribution", SHOP), ("items", "/a\n/b*"), ("reason", "release")];
    let page = ada.post("/plan", &fields).await;
    page.assert_says(&format!("Requests with the header {HEADER} get the staging distribution {STAGING}"));
    page.assert_says(&format!("({}, {STAGING}): 2 paths more, billed too", "Shop, next release"));
    page.assert_says("Refresh 2 paths").assert_says("2 billable paths");
    page.assert_says("This request does not reach it.");
    assert!(page.has("#staging") && !page.has("#staging[checked]"));
    assert_eq!(page.count("#plan h3"), 0);
    let checked = [&fields[..], &[("staging", "yes")]].concat();
    let page = ada.post("/plan", &checked).await;
    page.assert_says("Refresh 4 paths on 2 distributions").assert_says("4 billable paths");
    page.assert_says(&format!("It gets requests with the header {HEADER} to shop.example.com."));
    page.assert_silent_about("This request does not reach it.");
    assert!(page.has("#staging[checked]"), "{}", page.body);
    assert_eq!(page.count("#plan h3"), 1);
    let send = async |fields: &[(&str, &str)], key: &str| {
        ada.post("/invalidations", &[fields, &[("request_key", key)]].concat()).await
    };
    let key = uuid();
    let alone = send(&fields, &key).await;
    assert!(alone.leads_to().unwrap().starts_with("/invalidations/"));
    assert_eq!(app.world.recent().await.len(), 1, "nothing is sent to the staging distribution unasked");
    let key = uuid();
    let both = send(&checked, &key).await;
    assert_eq!(both.leads_to().as_deref(), Some("/?sent=2"));
    assert_eq!(send(&checked, &key).await.leads_to().as_deref(), Some("/?sent=2"), "pressed twice");
    let recent = app.world.recent().await;
    let of_staging: Vec<_> = recent.iter().filter(|one| one.distribution.as_str() == STAGING).collect();
    assert_eq!((recent.len(), of_staging.len()), (3, 1));
    let page = ada.get(&format!("/invalidations/{}", of_staging[0].id)).await;
    page.assert_says("looks from here do not see a staging distribution");
    app.finish().await;
}

#[tokio::test]
async fn both_pages_link_the_other_one() {
    let app = app_with_staging().await;
    let ada = app.operator().await;
    let shop = page_of(&ada, SHOP).await;
    assert_eq!(shop.attribute("[data-staging-pair] a", "href"), format!("/distributions/{STAGING}"));
    shop.assert_says(&format!("has a cache of its own and gets requests with the header {HEADER}"));
    let staging = page_of(&ada, STAGING).await;
    assert_eq!(staging.attribute("[data-staging-pair] a", "href"), format!("/distributions/{SHOP}"));
    staging.assert_says("Primary distribution").assert_says("so that looks from here do not see it");
    assert!(
        !staging.has(&format!("form[action='/distributions/{STAGING}/check']")),
        "there is nothing to check"
    );
    staging.assert_silent_about("Open site");
    shop.assert_says("Open site");
    ada.post(&format!("/distributions/{STAGING}/check"), &[]).await.assert_status(409);
    let form = ada.post("/plan", &[("distribution", STAGING), ("items", "/a")]).await;
    form.assert_says("Viewers reach it only through its primary distribution");
    assert!(!form.has("#staging"));
    assert!(!page_of(&ada, WORKSHOP).await.has("[data-staging-pair]"));
    app.finish().await;
}

#[tokio::test]
async fn whoever_may_not_see_one_of_them_is_told_nothing_of_it() {
    let app = app_with_staging().await;
    let nora = app.narrowed("nora@example.com", Role::Operator, &[SHOP], "/").await;
    let fields = [("distribution", SHOP), ("items", "/a"), ("staging", "yes"), ("request_key", &uuid())];
    for page in
        [page_of(&nora, SHOP).await, nora.post("/plan", &fields).await, nora.get("/distributions").await]
    {
        page.assert_silent_about(STAGING).assert_silent_about(STAGING_DOMAIN).assert_silent_about(HEADER);
        assert!(!page.has("[data-staging-pair]") && !page.has("[data-staging]"), "{}", page.body);
    }
    let refused = nora.post("/invalidations", &fields).await;
    refused.assert_status(422).assert_says("Its staging distribution is no longer known.");
    refused.assert_silent_about(STAGING);
    assert!(app.world.recent().await.is_empty());
    // Nor where it is not known: it may be one that they must not know.
    app.world.sandbox.remove_distribution(STAGING);
    deploy(&app.world, Some(policy())).await;
    assert!(!page_of(&nora, SHOP).await.has("[data-staging-pair]"));
    let tim = app.narrowed("tim@example.com", Role::Operator, &[STAGING], "/").await;
    make_staging(&app.world);
    deploy(&app.world, Some(policy())).await;
    let staging = page_of(&tim, STAGING).await;
    staging.assert_silent_about(SHOP).assert_silent_about("shop.example.com");
    staging.assert_says("Primary distribution");
    let plan = tim.post("/plan", &[("distribution", STAGING), ("items", "/a")]).await;
    plan.assert_says(&format!("It gets requests with the header {HEADER}."));
    plan.assert_silent_about("shop.example.com");
    app.finish().await;
}

#[tokio::test]
async fn whoever_may_refresh_only_a_part_of_it_is_told_so() {
    let app = app_with_staging().await;
    let nora = app.narrowed("nora@example.com", Role::Operator, &[SHOP], "/").await;
    let person = app.person_at("nora@example.com").await;
    app.grant(&format!("person:{}", person.id), STAGING, "/docs/").await;
    let plan = async |items: &str| nora.post("/plan", &[("distribution", SHOP), ("items", items)]).await;
    let page = plan("/docs/a\n/b").await;
    page.assert_says("You may not refresh these items there.");
    assert!(!page.has("#staging"));
    assert!(plan("/docs/a").await.has("#staging"));
    let fields =
        [("distribution", SHOP), ("items", "/docs/a\n/b"), ("staging", "yes"), ("request_key", &uuid())];
    nora.post("/invalidations", &fields).await.assert_status(422);
    assert!(app.world.recent().await.is_empty(), "both or none");
    app.finish().await;
}

#[tokio::test]
async fn what_is_not_known_is_said_with_the_permission() {
    let app = TestApp::new().await;
    app.world.fault(Fault::new("ListContinuousDeploymentPolicies", FaultKind::AccessDenied));
    deploy(&app.world, Some(policy())).await;
    let ada = app.operator().await;
    page_of(&ada, SHOP).await.assert_says("Unstale needs cloudfront:ListContinuousDeploymentPolicies on *");
    app.world.sandbox.set_faults(Vec::new());
    app.world.advance(std::time::Duration::from_hours(1));
    app.world.live(10).await;
    let page = page_of(&ada, SHOP).await;
    page.assert_says(&format!("CloudFront lists no staging distribution {STAGING_DOMAIN}"));
    assert!(!ada.post("/plan", &[("distribution", SHOP), ("items", "/a")]).await.has("[data-staging]"));
    app.finish().await;
}

#[tokio::test]
async fn the_staging_distributions_protection_asks_in_the_form() {
    let app = app_with_staging().await;
    app.protect(STAGING, |protection| protection.guard = Guard::TypedName).await;
    let ada = app.operator().await;
    let fields = [("distribution", SHOP), ("items", "/*"), ("staging", "yes")];
    let page = ada.post("/plan", &fields).await;
    page.assert_says("This distribution is protected.");
    let name = page.text("#guard strong");
    let send = async |more: &[(&str, &str)]| {
        let key = uuid();
        let fields = [&fields[..], more, &[("request_key", key.as_str())]].concat();
        ada.post("/invalidations", &fields).await
    };
    send(&[]).await.assert_status(422).assert_says(&format!("type {name} below"));
    assert!(app.world.recent().await.is_empty());
    assert_eq!(send(&[("confirm", &name)]).await.leads_to().as_deref(), Some("/?sent=2"));
    app.finish().await;
}

#[tokio::test]
async fn lines_of_several_sites_have_the_box_too() {
    let app = app_with_staging().await;
    let ada = app.operator().await;
    let fields = [("items", "https://shop.example.com/a\nhttps://docs.example.com/b")];
    let page = ada.post("/plan", &fields).await;
    page.assert_says("Refresh 2 paths on 2 sites").assert_says("1 path more, billed too");
    let checked = [&fields[..], &[("staging", "yes")]].concat();
    let page = ada.post("/plan", &checked).await;
    page.assert_says("Refresh 3 paths on 3 sites");
    assert!(page.has("#staging[checked]"), "{}", page.body);
    let key = uuid();
    let sent = ada.post("/invalidations", &[&checked[..], &[("request_key", &key)]].concat()).await;
    assert_eq!(sent.leads_to().as_deref(), Some("/?sent=3"));
    app.finish().await;
}

#[tokio::test]
async fn the_form_says_which_part_waits_for_a_second_person() {
    let app = app_with_staging().await;
    let ada = app.operator().await;
    let wait = async |id: &str, guard: Guard| app.protect(id, |protection| protection.guard = guard).await;
    let fields = [("distribution", SHOP), ("items", "/*"), ("staging", "yes")];
    let page = async |button: &str, words: &str| {
        let page = ada.post("/plan", &fields).await;
        page.assert_says(button).assert_says(words);
    };
    wait(STAGING, Guard::SecondPerson).await;
    page("Refresh 1 path and request approval for 1 path", "The other one does not wait for it").await;
    let key = uuid();
    let sent = ada.post("/invalidations", &[&fields[..], &[("request_key", &key)]].concat()).await;
    assert_eq!(sent.leads_to().as_deref(), Some("/?sent=2"));
    let recent = app.world.recent().await;
    assert_eq!(recent.iter().map(|one| one.distribution.as_str()).collect::<Vec<_>>(), [SHOP]);
    wait(SHOP, Guard::SecondPerson).await;
    page("Request approval", "for each distribution separately").await;
    wait(STAGING, Guard::Open).await;
    page("Refresh 1 path and request approval for 1 path", "This part is sent at once").await;
    wait(STAGING, Guard::TypedName).await;
    wait(SHOP, Guard::TypedName).await;
    page("Refresh 2 paths on 2 distributions", "refresh the staging distribution separately").await;
    app.finish().await;
}
