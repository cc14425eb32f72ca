//! The page of a request that was not sent again after a restore.

use crate::{
    flow::restored::{backed_up, begin_again},
    support::{TestApp, WORKSHOP, World, options, page_of, seconds},
};

#[tokio::test]
async fn the_page_says_why_it_was_not_sent() {
    let mut world = World::new().await;
    let id = world.request("/a").await;
    let (_folder, backup) = backed_up(&world).await;
    world.advance(seconds(5));
    let distribution = world.distribution(WORKSHOP).await.id;
    world.console(&distribution, "by hand", &["/*"]).await;
    begin_again(&mut world, &backup).await;
    world.live(60).await;
    let app = TestApp::over(world, options()).await;
    let page = app.admin().await.visit(&page_of(&id)).await;
    page.assert_says("not sent again: CloudFront has accepted all of its items since it was due");
    page.assert_says("Cancelled").assert_silent_about("cancelled before it was sent");
    app.finish().await;
}
