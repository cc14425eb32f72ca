//! How much one actor may ask for: in a day, in the queue, and of others' approval.

use std::time::Duration;

use unstale::{
    commands::{self, CommandContext, CommandError, Requested},
    domain::{
        access::Role,
        actor::{Acting, Actor},
        distributions::protection::Guard,
        invalidations::{
            batching::OURS,
            quotas::{PROPOSALS, Quotas},
        },
    },
    store::sign_in::people,
};

use crate::support::{SHOP, TestApp, WORKSHOP, World, acting, lines, no_override, person};

async fn ask(world: &World, acting: &Acting, typed: &str) -> Result<Requested, CommandError> {
    let new = world.new_invalidation(WORKSHOP, typed).await;
    commands::request_invalidation(&world.command_context, acting, &new).await
}

async fn world_with(daily_items: u64) -> World {
    let mut world = World::new().await;
    world.command_context =
        world.command_context.clone().with_quotas(Quotas { daily_items: Some(daily_items) });
    world
}

async fn somebody_else(world: &World) -> Acting {
    let bob = person("bob@example.com", Role::Operator);
    world.database.write(async |tx| people::insert(tx, &bob, "").await).await;
    Acting { actor: Actor::person(&bob.id, &bob.email), ..acting() }
}

#[tokio::test]
async fn a_days_items_are_bounded_and_come_back() {
    let world = world_with(10).await;
    let head = world.head().await;
    assert!(matches!(ask(&world, &acting(), &lines(7, |n| format!("/a{n}"))).await, Ok(Requested::New(..))));
    world.advance(Duration::from_hours(1));
    let refused = ask(&world, &acting(), &lines(4, |n| format!("/b{n}"))).await.unwrap_err();
    assert!(
        matches!(&refused, CommandError::NotAllowed(words) if words.contains("3 are left, and this has 4; there is room again from")),
        "{refused}"
    );
    assert_eq!(world.events_after(head).await, ["invalidation.requested", "act.refused"]);
    // What is left may be used, and the others are not bounded by it.
    assert!(matches!(ask(&world, &acting(), "/c\n/d\n/e").await, Ok(Requested::New(..))));
    assert!(ask(&world, &acting(), "/f").await.is_err());
    let other = somebody_else(&world).await;
    assert!(matches!(ask(&world, &other, "/f").await, Ok(Requested::New(..))));
    // The first seven are a day old.
    world.advance(Duration::from_hours(23));
    assert!(matches!(ask(&world, &acting(), &lines(7, |n| format!("/g{n}"))).await, Ok(Requested::New(..))));
    assert!(ask(&world, &acting(), "/h").await.is_err());
    world.finish().await;
}

#[tokio::test]
async fn those_who_ask_together_share_one_bound() {
    let world = world_with(10).await;
    let mut asked = tokio::task::JoinSet::new();
    for n in 0..25 {
        let new = world.new_invalidation(WORKSHOP, &format!("/{n}")).await;
        let command_context = world.command_context.clone();
        asked.spawn(async move {
            commands::request_invalidation(&command_context, &acting(), &new).await.is_ok()
        });
    }
    let taken = asked.join_all().await.into_iter().filter(|taken| *taken).count();
    assert_eq!(taken, 10);
    world.finish().await;
}

#[tokio::test]
async fn without_a_bound_there_is_none() {
    let mut world = World::new().await;
    world.command_context = world.command_context.clone().with_quotas(Quotas { daily_items: None });
    for page in 0..3 {
        let typed = lines(20_000, |n| format!("/{page}/{n}"));
        assert!(matches!(ask(&world, &acting(), &typed).await, Ok(Requested::New(..))));
    }
    world.finish().await;
}

#[tokio::test]
async fn the_form_says_it_before_and_the_answer_says_why() {
    let app = TestApp::over(world_with(2).await, crate::support::options()).await;
    let ada = app.operator().await;
    let fields = [("distribution", WORKSHOP), ("items", "/a\n/b\n/c"), ("reason", "")];
    let plan = ada.post("/plan", &fields).await;
    plan.assert_status(200).assert_says("It would be refused: one person or token may request 2 items");
    let form = ada.get("/").await.form("#request").with("distribution", WORKSHOP).with("items", "/a\n/b\n/c");
    let refused = ada.press(&form).await;
    refused.assert_status(422).assert_says("may request 2 items in 24 hours");
    assert!(app.world.creates().is_empty());
    app.finish().await;
}

#[tokio::test]
async fn requests_that_wait_for_approval_are_bounded() {
    let app = TestApp::new().await;
    app.protect(WORKSHOP, |protection| protection.guard = Guard::SecondPerson).await;
    let world = &app.world;
    for _ in 0..PROPOSALS {
        assert!(matches!(ask(world, &acting(), "/*").await, Ok(Requested::Proposed(_))));
    }
    let refused = ask(world, &acting(), "/*").await.unwrap_err();
    assert!(refused.to_string().contains("wait for approval already"), "{refused}");
    // They expire after a day, and there is room again.
    world.advance(Duration::from_hours(25));
    assert!(matches!(ask(world, &acting(), "/*").await, Ok(Requested::Proposed(_))));
    app.finish().await;
}

#[tokio::test]
async fn what_is_approved_counts_for_whoever_asked() {
    let mut app = TestApp::over(world_with(10).await, crate::support::options()).await;
    app.protect(WORKSHOP, |protection| protection.guard = Guard::SecondPerson).await;
    let world = &app.world;
    let boss = Acting { actor: somebody_else(world).await.actor, ..acting() };
    let Requested::Proposed(proposal) = ask(world, &acting(), "/*").await.unwrap() else {
        panic!("it did not wait")
    };
    // A restart in between: what was counted in memory is gone, and counted anew with the next request.
    let CommandContext { db, clock, notifier, quotas, .. } = app.world.command_context.clone();
    app.world.command_context = CommandContext::new(db, clock, notifier).with_quotas(quotas);
    let world = &app.world;
    assert!(matches!(ask(world, &acting(), &lines(9, |n| format!("/a{n}"))).await, Ok(Requested::New(..))));
    commands::approve_proposal(&world.command_context, &boss, &proposal, no_override(), OURS).await.unwrap();
    let refused = ask(world, &acting(), "/b").await.unwrap_err();
    assert!(refused.to_string().contains("of which 0 are left"), "{refused}");
    app.finish().await;
}

/// A part that is refused takes the others with it, and only the refusal is kept.
#[tokio::test]
async fn a_refused_part_leaves_nothing_of_the_others() {
    let world = world_with(10).await;
    let head = world.head().await;
    let parts = [
        world.new_invalidation(WORKSHOP, &lines(7, |n| format!("/a{n}"))).await,
        world.new_invalidation(SHOP, &lines(7, |n| format!("/b{n}"))).await,
    ];
    let refused = commands::request_several(&world.command_context, &acting(), &parts).await.unwrap_err();
    assert!(
        matches!(&refused, CommandError::NotAllowed(words) if words.contains("3 are left, and this has 7")),
        "{refused}"
    );
    assert_eq!(world.events_after(head).await, ["act.refused"]);
    assert!(world.recent().await.is_empty(), "nothing of the first part is kept");
    assert!(matches!(ask(&world, &acting(), &lines(10, |n| format!("/c{n}"))).await, Ok(Requested::New(..))));
    world.finish().await;
}
