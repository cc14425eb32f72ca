//! The page of a request that was not sent again after a restore.

use crate::{
    flow::restored::skipped_and_cancelled,
    support::{TestApp, options, page_of},
};

#[tokio::test]
async fn the_page_says_why_it_was_not_sent() {
    let (world, [skipped, _]) = skipped_and_cancelled().await;
    let app = TestApp::over(world, options()).await;
    let page = app.admin().await.visit(&page_of(&skipped)).await;
    page.assert_says("not sent again: CloudFront has accepted all of its items since it was due");
    page.assert_says("Cancelled").assert_silent_about("cancelled before it was sent");
    app.finish().await;
}
