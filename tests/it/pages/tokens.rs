//! API tokens: made on the page, shown once, revoked at once.

use unstale::domain::{access::Role, actor::Origin, token::TokenSecret};
use unstale::ops;

use crate::support::{SHOP, Site, WORKSHOP};

const PAGE: &str = "/settings/tokens";

async fn lets_in(site: &Site, secret: &str) -> bool {
    let secret = TokenSecret::parse(secret).expect("what is shown is a token");
    ops::recognise_token(&site.world.desk, Origin::default(), &secret).await.unwrap().is_some()
}

#[tokio::test]
async fn a_token_is_shown_once_and_good_until_it_is_revoked() {
    let site = Site::new().await;
    let admin = site.signed_in("root@example.com", Role::Admin).await;
    let head = site.world.head().await;
    let form = admin.get(PAGE).await.form("#make").with("name", "deploy").with("distribution", WORKSHOP);
    let made = admin.submit(&form).await;
    made.assert_status(200);
    let secret = made.text("#token");
    assert!(lets_in(&site, &secret).await);
    let page = admin.get(PAGE).await;
    page.assert_says("deploy").assert_says(WORKSHOP).assert_silent_about(&secret);
    assert!(!page.has("#token"));

    let (token, acting, access) =
        ops::recognise_token(&site.world.desk, Origin::default(), &TokenSecret::parse(&secret).unwrap())
            .await
            .unwrap()
            .unwrap();
    assert_eq!((acting.actor.name.as_str(), acting.origin.sign_in.as_str()), ("deploy", "token"));
    let sees = |site: &str| access.sees(&unstale::domain::id::DistributionId::from_trusted(site));
    assert!(sees(WORKSHOP) && !sees(SHOP));

    let revoke = admin.get(PAGE).await.form(&format!("form[action$='{}/revoke']", token.id));
    admin.submit(&revoke).await.assert_status(200);
    assert!(!lets_in(&site, &secret).await);
    assert_eq!(site.world.events_after(head).await, ["token.made", "token.revoked"]);
    let history = site.world.history().await;
    assert!(!format!("{history:?}").contains(&secret), "the history never has the secret");
    site.finish().await;
}

#[tokio::test]
async fn a_token_ends_by_itself() {
    let site = Site::new().await;
    let admin = site.signed_in("root@example.com", Role::Admin).await;
    let form = admin.get(PAGE).await.form("#make").with("name", "short").with("expires", "1d");
    let secret = admin.submit(&form).await.text("#token");
    site.world.advance(std::time::Duration::from_hours(23));
    assert!(lets_in(&site, &secret).await);
    site.world.advance(std::time::Duration::from_hours(1));
    assert!(!lets_in(&site, &secret).await);
    site.finish().await;
}

#[tokio::test]
async fn what_is_wrong_is_said_beside_its_field_and_nothing_is_made() {
    let site = Site::new().await;
    let admin = site.signed_in("root@example.com", Role::Admin).await;
    let head = site.world.head().await;
    for (name, value, error) in [
        ("name", "", "#name-error"),
        ("expires", "soon", "#expires-error"),
        ("distribution", "E0NOTTHERE", "#site-error"),
        ("role", "admin", "#name-error"),
    ] {
        let form = admin.get(PAGE).await.form("#make").with("name", "deploy").with(name, value);
        let fields: Vec<(&str, &str)> = form.fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let answer = admin.post(PAGE, &fields).await;
        answer.assert_status(422);
        assert!(answer.has(error), "{name} {value}");
    }
    assert!(!admin.get(PAGE).await.has("table"));
    assert_eq!(site.world.events_after(head).await, ["act.refused"; 4]);
    site.finish().await;
}
