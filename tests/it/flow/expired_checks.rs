//! Check runs are deleted when their time has passed; what they proved stays in the history.

use std::time::Duration;

use unstale::{
    commands,
    domain::{audit::Action, id::DistributionId},
    store::checks,
};

use crate::support::{
    WORKSHOP, World, acting,
    checked::{cached, invalidate_and_check, publish},
};

const DAY: Duration = Duration::from_hours(24);

#[tokio::test]
async fn a_check_by_hand_is_kept_for_a_month_and_one_of_an_invalidation_for_a_year() {
    let world = World::new().await;
    publish(&world, "news.html", "old");
    cached(&world, "/news.html").await;
    let checked = invalidate_and_check(&world, "/news.html", || publish(&world, "news.html", "new")).await;
    let workshop = DistributionId::parse(WORKSHOP).unwrap();
    for _ in 0..30 {
        let by_hand = commands::check_distribution(&world.command_context, &acting(), &workshop, &[]).await;
        world.check().await;
        world.advance(Duration::from_mins(30));
        let kept = world.database.get(async |conn| checks::find(conn, &by_hand.unwrap()).await).await;
        assert!(kept.is_some());
    }
    let by_hand =
        async || world.database.get(async |conn| checks::of_distribution(conn, &workshop).await).await;
    let of_invalidation =
        async || world.database.get(async |conn| checks::of_invalidation(conn, &checked).await).await;
    world.advance(DAY * 29);
    world.check().await;
    assert!(by_hand().await.is_some());
    world.advance(DAY * 2);
    world.check().await;
    assert!(by_hand().await.is_none(), "all of them, though one tick deletes 20");
    assert!(of_invalidation().await.is_some());
    world.advance(DAY * 365);
    world.check().await;
    assert!(of_invalidation().await.is_none());
    let told = world.history().await.into_iter().map(|chained| chained.event);
    let told: Vec<_> = told.filter(|event| event.action == Action::CheckFinished).collect();
    assert!(told.iter().any(|event| event.invalidation.as_ref() == Some(&checked) && event.new == "fresh"));
    world.finish().await;
}
