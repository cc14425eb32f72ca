//! A request that was not sent again after a restore, as programs see it.

use serde_json::{Value, json};

use super::program::{Program, json as read};
use crate::{
    flow::restored::skipped_and_cancelled,
    support::{TestApp, options},
};

#[tokio::test]
async fn a_program_is_told_why_it_was_not_sent() {
    let (world, [skipped, cancelled]) = skipped_and_cancelled().await;
    let app = TestApp::over(world, options()).await;
    let program = Program::operator(&app).await;
    let reason = "not sent again: CloudFront has accepted all of its items since it was due";
    for (id, reason) in [(&skipped, json!(reason)), (&cancelled, Value::Null)] {
        let shown = read(&program.get(&format!("/api/v1/invalidations/{id}")).await);
        assert_eq!((&shown["state"], &shown["not_sent"]), (&json!("cancelled"), &reason));
    }
    app.finish().await;
}
