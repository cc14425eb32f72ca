//! The page of an invalidation that was sent together with others.

use crate::support::{TestApp, page_of};

#[tokio::test]
async fn the_page_names_the_others_and_what_they_went_as() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let first = app.world.request("/a\n/styles.css").await;
    let second = app.world.request("/b\n/styles.css").await;
    let page = ada.get(&page_of(&first)).await;
    assert!(!page.has("#together"), "each still waits by itself");
    app.world.live(40).await;
    let page = ada.get(&page_of(&first)).await;
    let taken = app.world.sandbox.invalidations(crate::support::WORKSHOP).remove(0);
    let words = page.text("#together");
    assert!(words.starts_with("Sent together with /b and 1 more"), "{words}");
    assert!(words.contains(&taken.id) && words.ends_with("Items that they share are sent once."), "{words}");
    assert_eq!(page.attributes("#together a", "href"), [page_of(&second)]);
    assert_eq!(page.texts(".items li"), ["/a", "/styles.css"], "nobody's but its own");
    page.assert_says("2 at most, shared with the others").assert_says(&taken.caller_reference);
    page.assert_says("together with another batch");
    app.finish().await;
}

/// Who sees the distribution sees all that is asked for it, and who does not gets neither page.
#[tokio::test]
async fn nobody_is_named_to_who_may_not_see_the_distribution() {
    let app = TestApp::new().await;
    let eve = app
        .narrowed("eve@example.com", unstale::domain::access::Role::Operator, &[crate::support::SHOP], "/")
        .await;
    let first = app.world.request("/a").await;
    app.world.request("/b").await;
    app.world.live(40).await;
    eve.get(&page_of(&first)).await.assert_status(404);
    app.finish().await;
}
