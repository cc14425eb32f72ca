//! The page of an invalidation of which CloudFront refused some items.

use unstale::domain::id::InvalidationId;

use crate::support::{Answer, Browser, TestApp, lines, page_of};

async fn app() -> TestApp {
    let app = TestApp::new().await;
    app.world.sandbox.change_settings(|settings| settings.refuse_paths_with = Some("no-such".to_owned()));
    app
}

async fn show(browser: &Browser, id: &InvalidationId) -> Answer {
    let page = browser.get(&page_of(id)).await;
    page.assert_status(200);
    page
}

#[tokio::test]
async fn the_refused_item_is_named_and_what_became_of_the_others() {
    let app = app().await;
    let ada = app.operator().await;
    let id = app.world.request("/a\n/b\n/no-such\n/x").await;
    app.world.submit_once().await;
    let page = show(&ada, &id).await;
    assert!(!page.has("#refused"), "it is not known which");
    assert!(page.has("form[action$='/cancel']") && !page.has("form[action$='/retry']"));
    assert_eq!(page.texts("#batches details summary"), ["1 refused batch that was cut in two"]);
    assert_eq!(page.texts("#batches details .status"), ["Refused, cut into 2 and 3"]);
    assert_eq!(page.texts(".items li"), ["/a", "/b", "/no-such", "/x"], "each once");

    app.world.live(40).await;
    let page = show(&ada, &id).await;
    assert_eq!(page.text("#refused h2"), "CloudFront refused 1 of 4 items");
    assert_eq!(page.texts("#refused .items li"), ["/no-such"]);
    page.assert_says("The others were sent.").assert_says("one or more invalid invalidation paths");
    page.assert_says("1 of 4 items refused, see below").assert_silent_about("does not say which item");
    assert_eq!(page.count(".panel.trouble"), 1, "one panel tells all");
    assert!(page.has("form[action$='/retry']"));
    assert_eq!(page.texts("#batches > .table .status"), ["Completed", "Refused", "Completed"]);
    page.assert_says("Refused, cut in two");
    app.finish().await;
}

#[tokio::test]
async fn many_batches_leave_the_page_readable() {
    let app = app().await;
    let ada = app.operator().await;
    let path = |n: usize| format!("/{n:04}/{}", if n % 300 == 7 { "no-such" } else { "p" });
    let id = app.world.request(&lines(1_000, path)).await;
    app.world.live(260).await;
    let page = show(&ada, &id).await;
    assert_eq!(page.text("#refused h2"), "CloudFront refused 4 of 1000 items");
    assert_eq!(page.texts("#batches > .table .status"), ["Refused"; 4], "those that a person may act on");
    let folded = page.texts("#batches details summary");
    assert!(folded[0].ends_with(" completed batches") && folded[1].ends_with(" cut in two"), "{folded:?}");
    assert!(!page.has("#batches details[open]"));
    assert_eq!(page.count(".panel.trouble"), 1);
    app.finish().await;
}
