//! A change is answered with what the history recorded of it.

use std::time::Duration;

use crate::support::{TestApp, WORKSHOP};

const GROUPS: &str = "/settings/groups";

#[tokio::test]
async fn a_change_is_answered_with_what_was_saved() {
    let app = TestApp::new().await;
    let root = app.admin().await;
    let page = root
        .submit(&root.get(GROUPS).await.form(&format!("form[action='{GROUPS}']")).with("name", "docs_team"))
        .await;
    let said = page.text("#saved");
    assert!(said.starts_with("Group added: docs_team. Recorded as event "), "{said}");
    let event = app.world.head().await;
    assert_eq!(page.attribute("#saved a", "href"), format!("/history/{event}"));
    assert!(!root.get(GROUPS).await.has("#saved"), "without a change nothing was saved");

    let grant = [("subject", "group:docs_team"), ("distribution", WORKSHOP), ("paths", "/docs/")];
    let granted = root.post("/settings/grants", &grant).await;
    let said = root.visit(&granted.leads_to().unwrap()).await.text("#saved");
    let named = "Grant added: group docs_team: StudentWebsiteDistribution: paths below /docs/.";
    assert!(said.starts_with(named), "{said}");

    let after = format!("{GROUPS}?saved=yes");
    assert!(root.get(&after).await.has("#saved"));
    // What was refused is not taken for saved, and what others did is not the visitor's.
    root.post(GROUPS, &[("name", "docs_team")]).await.assert_status(422);
    assert!(!root.get(&after).await.has("#saved"));
    root.post(GROUPS, &[("name", "shop")]).await.assert_status(303);
    let ada = app.operator().await.get("/settings/account?saved=yes").await;
    assert!(!ada.text("#saved").contains("shop"), "{}", ada.text("#saved"));
    assert!(root.get(&after).await.has("#saved"));
    app.world.advance(Duration::from_secs(31));
    assert!(!root.get(&after).await.has("#saved"), "an address that is opened again later says nothing");
    app.finish().await;
}
