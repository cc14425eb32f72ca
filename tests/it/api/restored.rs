//! A request that was not sent again after a restore, as programs see it.

use serde_json::{Value, json};
use unstale::commands;

use super::program::{Program, json as read};
use crate::{
    flow::restored::{backed_up, begin_again},
    support::{TestApp, WORKSHOP, World, acting, options, seconds},
};

#[tokio::test]
async fn a_program_is_told_why_it_was_not_sent() {
    let mut world = World::new().await;
    let (skipped, cancelled) = (world.request("/a").await, world.request("/b").await);
    commands::cancel_invalidation(&world.command_context, &acting(), &cancelled).await.unwrap();
    let (_folder, backup) = backed_up(&world).await;
    world.advance(seconds(5));
    let distribution = world.distribution(WORKSHOP).await.id;
    world.console(&distribution, "by hand", &["/*"]).await;
    begin_again(&mut world, &backup).await;
    world.live(60).await;
    let app = TestApp::over(world, options()).await;
    let program = Program::operator(&app).await;
    let reason = "not sent again: CloudFront has accepted all of its items since it was due";
    for (id, reason) in [(&skipped, json!(reason)), (&cancelled, Value::Null)] {
        let shown = read(&program.get(&format!("/api/v1/invalidations/{id}")).await);
        assert_eq!((&shown["state"], &shown["not_sent"]), (&json!("cancelled"), &reason));
    }
    app.finish().await;
}
