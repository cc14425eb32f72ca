//! What waits for the same distribution at one time is sent as one, and each request has its own end.

use std::collections::BTreeMap;

use cloudfront_sandbox::{Fault, FaultKind};
use unstale::{
    commands::{self, CommandError},
    domain::{
        access::Role,
        actor::{Acting, Actor, Origin},
        id::{BatchId, CloudFrontInvalidationId, DistributionId, InvalidationId},
        invalidations::monthly_budget::{BudgetKind, BudgetScope, Month},
    },
    store::{
        invalidations::{batches, monthly_budgets},
        sign_in::people,
    },
};

use crate::support::{SHOP, WORKSHOP, World, acting, no_override, person, seconds};

/// Paths with this text are refused.
const REFUSED: &str = "no-such";

/// A further person who may act.
async fn somebody(world: &World, email: &str) -> Acting {
    let somebody = person(email, Role::Operator);
    world.database.write(async |tx| people::insert(tx, &somebody, "no password").await).await;
    Acting { actor: Actor::person(&somebody.id, &somebody.email), origin: Origin::default() }
}

async fn ask(world: &World, by: &Acting, typed: &str) -> InvalidationId {
    let new = world.new_invalidation(WORKSHOP, typed).await;
    commands::request_invalidation(&world.command_context, by, &new).await.unwrap();
    new.id
}

/// Three people ask for what has much in common.
async fn three(world: &World) -> [InvalidationId; 3] {
    let (bob, eve) = (somebody(world, "bob@example.com").await, somebody(world, "eve@example.com").await);
    [
        ask(world, &acting(), "/a\n/styles.css\n/img/logo.svg").await,
        ask(world, &bob, "/b\n/styles.css").await,
        ask(world, &eve, "/img/*\n/c").await,
    ]
}

/// The items that CloudFront took, with how often each.
fn taken(world: &World) -> BTreeMap<String, usize> {
    world.taken_items(WORKSHOP)
}

fn each_once(items: &[&str]) -> BTreeMap<String, usize> {
    items.iter().map(|item| ((*item).to_owned(), 1)).collect()
}

async fn states(world: &World, ids: &[InvalidationId]) -> Vec<&'static str> {
    let mut states = Vec::new();
    for id in ids {
        states.push(world.state(id).await);
    }
    states
}

async fn what_waits_together_goes_as_one(world: World) {
    let ids = three(&world).await;
    world.submit_once().await;
    let creates = world.creates();
    assert_eq!(creates.len(), 1);
    assert_eq!(creates[0].items, ["/a", "/b", "/c", "/img/*", "/styles.css"]);
    assert_eq!(states(&world, &ids).await, ["in_progress"; 3]);
    let reference = creates[0].caller_reference.clone().unwrap();
    let at_cloudfront = world.sandbox.invalidations(WORKSHOP)[0].id.clone();
    for id in &ids {
        let batch = world.batch(id).await;
        assert_eq!(batch.sent_under().as_str(), reference);
        assert_ne!(batch.caller_reference.as_str(), reference);
        assert_eq!(batch.cloudfront_id.unwrap().as_str(), at_cloudfront);
        assert_eq!((batch.state.as_str(), batch.attempts), ("in_progress", 1));
    }
    world.live(30).await;
    assert_eq!(states(&world, &ids).await, ["completed"; 3]);
    assert_eq!(world.creates().len(), 1, "nothing goes twice");
    for id in &ids {
        let expected = ["invalidation.requested", "batch.merged", "batch.accepted", "batch.completed"];
        assert_eq!(world.events(id).await, expected);
    }
    let history = world.history().await;
    let of = |action: &'static str| history.iter().filter(move |one| one.event.action.as_str() == action);
    assert!(
        of("batch.merged")
            .all(|one| one.event.note == format!("together with 2 other batches, as {reference}"))
    );
    assert!(of("batch.accepted").all(|one| one.event.note == "together with 2 other batches"));
    assert!(of("batch.completed").all(|one| one.event.cloudfront_id == at_cloudfront));
    is_billed_once(&world).await;
    world.finish().await;
}

/// CloudFront bills the merged batch. Of each person counts what they asked for.
async fn is_billed_once(world: &World) {
    let account = world.distribution(WORKSHOP).await.account().to_owned();
    let (now, month) = (world.now(), Month::of(world.now()));
    let used = async |kind, id: &str| {
        let scope = BudgetScope { kind, id: id.to_owned() };
        world.database.get(async |conn| monthly_budgets::used(conn, &scope, month).await).await
    };
    assert_eq!(used(BudgetKind::Account, &account).await, 5);
    assert_eq!(used(BudgetKind::Distribution, WORKSHOP).await, 5);
    assert_eq!(used(BudgetKind::Person, "p1").await, 3);
    let taken = async |conn: &mut _| batches::taken_between(conn, &account, month.start, now).await;
    assert_eq!(world.database.get(taken).await.billed, 5);
}

async fn a_refused_item_sinks_nobody_else(world: World) {
    world.sandbox.change_settings(|settings| settings.refuse_paths_with = Some(REFUSED.to_owned()));
    let bob = somebody(&world, "bob@example.com").await;
    let ids = [
        ask(&world, &acting(), "/a\n/shared").await,
        ask(&world, &bob, "/no-such\n/b").await,
        ask(&world, &acting(), "/c\n/shared").await,
    ];
    world.submit_once().await;
    assert_eq!(world.creates().len(), 1);
    assert_eq!(states(&world, &ids).await, ["queued"; 3], "the refusal is nobody's own");
    for id in &ids {
        assert_eq!(world.batch(id).await.problem, None);
    }
    world.live(60).await;
    assert_eq!(states(&world, &ids).await, ["completed", "failed", "completed"]);
    let refused = world.batches(&ids[1]).await;
    assert_eq!(refused.last().unwrap().refused_item().unwrap().as_str(), "/no-such");
    let told =
        ["invalidation.requested", "batch.merged", "batch.separated", "batch.accepted", "batch.completed"];
    assert_eq!(world.events(&ids[0]).await, told);
    let mut wanted = each_once(&["/a", "/b", "/c"]);
    wanted.insert("/shared".to_owned(), 2);
    assert_eq!(taken(&world), wanted, "by itself, each has all its items");
    world.finish().await;
}

async fn one_that_is_cancelled_leaves_the_others(world: World) {
    let ids = three(&world).await;
    world.next_create(FaultKind::Throttle);
    world.submit_once().await;
    assert_eq!(states(&world, &ids).await, ["queued"; 3]);
    assert_eq!(world.batch(&ids[1]).await.attempts, 1);
    commands::cancel_invalidation(&world.command_context, &acting(), &ids[1]).await.unwrap();
    assert_eq!(states(&world, &ids).await, ["queued", "cancelled", "queued"]);
    assert_eq!(world.batch(&ids[0]).await.merged_into, None);
    world.live(30).await;
    assert_eq!(states(&world, &ids).await, ["completed", "cancelled", "completed"]);
    assert_eq!(taken(&world), each_once(&["/a", "/c", "/img/*", "/styles.css"]));
    let told = ["invalidation.requested", "batch.merged", "batch.postponed", "batch.separated"];
    assert_eq!(world.events(&ids[1]).await, [&told[..], &["invalidation.cancelled"]].concat());
    world.finish().await;
}

async fn what_is_being_sent_cannot_be_cancelled(world: World) {
    let ids = three(&world).await;
    let submitter = world.another_submitter();
    let Ok(Ok(work)) = submitter.claim().await else { panic!("nothing was claimed") };
    for id in &ids {
        let answer = commands::cancel_invalidation(&world.command_context, &acting(), id).await;
        assert!(matches!(answer, Err(CommandError::TooLate)), "{answer:?}");
    }
    submitter.finish(work).await.unwrap();
    world.live(30).await;
    assert_eq!(states(&world, &ids).await, ["completed"; 3]);
    assert_eq!(world.creates().len(), 1);
    world.finish().await;
}

async fn a_lost_answer_stays_with_what_was_sent(world: World) {
    let ids = three(&world).await;
    world.next_create(FaultKind::Lost);
    world.submit_once().await;
    for id in &ids {
        assert_eq!(world.batch_state(id).await, "submitting");
    }
    // What comes meanwhile is not added to it.
    let late = ask(&world, &acting(), "/late").await;
    world.live(60).await;
    assert_eq!(states(&world, &ids).await, ["completed"; 3]);
    assert_eq!(world.state(&late).await, "completed");
    assert_eq!(taken(&world), each_once(&["/a", "/b", "/c", "/img/*", "/late", "/styles.css"]));
    let told =
        ["invalidation.requested", "batch.merged", "batch.unknown", "batch.accepted", "batch.completed"];
    assert_eq!(world.events(&ids[2]).await, told);
    world.finish().await;
}

#[tokio::test]
async fn what_was_claimed_once_is_not_merged() {
    let world = World::new().await;
    let first = world.request("/a\n/b").await;
    world.next_create(FaultKind::Throttle);
    world.submit().await;
    let second = world.request("/a\n/c").await;
    world.live(30).await;
    assert_eq!(states(&world, &[first.clone(), second.clone()]).await, ["completed"; 2]);
    for id in [first, second] {
        let batch = world.batch(&id).await;
        assert_eq!((batch.merged_into, batch.items.len()), (None, 2));
    }
    assert_eq!(world.at_cloudfront(WORKSHOP), 2);
    world.finish().await;
}

#[tokio::test]
async fn what_is_due_later_and_what_is_of_another_distribution_is_not_merged() {
    let world = World::new().await;
    let mut later = world.new_invalidation(WORKSHOP, "/a").await;
    later.not_before = Some(world.now().plus(seconds(600)));
    commands::request_invalidation(&world.command_context, &acting(), &later).await.unwrap();
    let (now, other) = (world.request("/a").await, world.request_at(SHOP, "/a").await);
    world.live(30).await;
    assert_eq!(states(&world, &[later.id.clone(), now, other]).await, ["queued", "completed", "completed"]);
    assert_eq!(world.creates().len(), 2);
    world.live(600).await;
    assert_eq!(world.state(&later.id).await, "completed");
    world.finish().await;
}

#[tokio::test]
async fn whoever_may_not_ask_any_more_is_left_out() {
    let world = World::new().await;
    let bob = somebody(&world, "bob@example.com").await;
    let ids = [ask(&world, &acting(), "/a").await, ask(&world, &bob, "/b").await];
    world
        .database
        .raw()
        .await
        .run("UPDATE person SET role = 'viewer' WHERE email = 'bob@example.com'")
        .await
        .unwrap();
    world.live(30).await;
    assert_eq!(states(&world, &ids).await, ["completed", "cancelled"]);
    assert_eq!(taken(&world), each_once(&["/a"]));
    world.finish().await;
}

/// A person who is taken their role away while their items wait together with others.
#[tokio::test]
async fn what_is_withdrawn_leaves_the_others() {
    let world = World::new().await;
    let mut boss = person("boss@example.com", Role::Admin);
    boss.id = unstale::domain::id::PersonId::from_trusted("boss");
    world.database.write(async |tx| people::insert(tx, &boss, "no password").await).await;
    let bob = somebody(&world, "bob@example.com").await;
    let ids = [ask(&world, &acting(), "/a").await, ask(&world, &bob, "/b").await];
    world.next_create(FaultKind::Throttle);
    world.submit_once().await;
    let bob = bob.actor.person_id().unwrap().clone();
    commands::disable_person(&world.command_context, &crate::support::shell(), &bob).await.unwrap();
    assert_eq!(states(&world, &ids).await, ["queued", "cancelled"]);
    world.live(30).await;
    assert_eq!(states(&world, &ids).await, ["completed", "cancelled"]);
    assert_eq!(taken(&world), each_once(&["/a"]));
    world.finish().await;
}

/// CloudFront says that it has the reference, and nobody finds it.
async fn needs_a_look(world: &World) -> ([InvalidationId; 3], BatchId) {
    let ids = three(world).await;
    let words = "Your request contains a caller reference that was used for a previous invalidation batch.";
    world.fault(Fault::refuse("CreateInvalidation", 409, "InvalidationBatchAlreadyExists", words).times(9));
    for _ in 0..100 {
        world.submit().await;
        world.advance(seconds(1));
    }
    world.sandbox.set_faults(Vec::new());
    assert_eq!(states(world, &ids).await, ["needs_a_look"; 3]);
    let batch = world.batch(&ids[1]).await.id;
    (ids, batch)
}

#[tokio::test]
async fn one_person_says_for_all_that_it_is_there() {
    let world = World::new().await;
    let (ids, batch) = needs_a_look(&world).await;
    world.console(&DistributionId::from_trusted(WORKSHOP), "by-hand", &["/a"]).await;
    let found = CloudFrontInvalidationId::from_trusted(world.sandbox.invalidations(WORKSHOP)[0].id.clone());
    commands::resolve_found(&world.command_context, &acting(), &batch, &found).await.unwrap();
    assert_eq!(states(&world, &ids).await, ["in_progress"; 3]);
    let again = commands::resolve_not_there(&world.command_context, &acting(), &batch, no_override()).await;
    assert!(matches!(again, Err(CommandError::TooLate)), "{again:?}");
    world.live(40).await;
    assert_eq!(states(&world, &ids).await, ["completed"; 3]);
    world.finish().await;
}

#[tokio::test]
async fn one_person_says_for_all_that_it_is_not_there() {
    let world = World::new().await;
    let (ids, batch) = needs_a_look(&world).await;
    let before = world.batch(&ids[0]).await.merged_into.unwrap();
    commands::resolve_not_there(&world.command_context, &acting(), &batch, no_override()).await.unwrap();
    assert_eq!(states(&world, &ids).await, ["queued"; 3]);
    world.live(60).await;
    assert_eq!(states(&world, &ids).await, ["completed"; 3]);
    assert_eq!(taken(&world), each_once(&["/a", "/b", "/c", "/img/*", "/styles.css"]));
    assert_ne!(world.batch(&ids[0]).await.merged_into, Some(before), "under a new reference");
    world.finish().await;
}

/// Who may refresh a part only does not settle what others have in it.
#[tokio::test]
async fn nobody_settles_what_they_may_not_refresh() {
    let world = World::new().await;
    let (ids, batch) = needs_a_look(&world).await;
    let narrow = format!(
        "INSERT INTO access_grant (id, subject_kind, subject_id, distribution_id, path_prefix, everything,
         created_at) VALUES ('g', 'person', 'p1', '{WORKSHOP}', '/b', FALSE, 1),
         ('h', 'person', 'p1', '{WORKSHOP}', '/styles.css', FALSE, 1)"
    );
    world.database.raw().await.run(&narrow).await.unwrap();
    let answer = commands::resolve_not_there(&world.command_context, &acting(), &batch, no_override()).await;
    assert!(matches!(answer, Err(CommandError::NotAllowed(_))), "{answer:?}");
    assert_eq!(states(&world, &ids).await, ["needs_a_look"; 3]);
    world.finish().await;
}

/// Replicas that send, watch and cancel at one time: nothing is lost, and nobody waits for another for ever.
#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres"]
async fn replicas_cancel_and_send_at_once() {
    let world = World::on_postgres().await;
    world.sandbox.change_settings(|settings| settings.refuse_paths_with = Some(REFUSED.to_owned()));
    let mut ids = Vec::new();
    for round in 0..12 {
        for number in 0..6 {
            let odd = if number == 5 && round % 3 == 0 { "/no-such" } else { "/styles.css" };
            ids.push(world.request(&format!("/{round}/{number}\n/shared\n{odd}")).await);
        }
        if round % 2 == 0 {
            world.next_create(FaultKind::Throttle);
        }
        for _ in 0..4 {
            let mut ticks = tokio::task::JoinSet::new();
            for _ in 0..2 {
                let submitter = world.another_submitter();
                ticks.spawn(
                    async move { submitter.tick().await.map(drop).map_err(|error| error.to_string()) },
                );
                let poller = unstale::workers::Poller::new(world.worker_context.clone());
                ticks.spawn(async move { poller.tick().await.map(drop).map_err(|error| error.to_string()) });
            }
            for id in ids.iter().rev().take(3) {
                let (context, id) = (world.command_context.clone(), id.clone());
                ticks.spawn(async move {
                    match commands::cancel_invalidation(&context, &acting(), &id).await {
                        Ok(()) | Err(CommandError::TooLate) => Ok(()),
                        Err(error) => Err(error.to_string()),
                    }
                });
            }
            for tick in ticks.join_all().await {
                tick.unwrap();
            }
            world.advance(seconds(1));
        }
    }
    world.live(120).await;
    let at_cloudfront = world.sandbox.invalidations(WORKSHOP);
    for id in &ids {
        let batches = world.batches(id).await;
        for batch in batches.iter().filter(|batch| batch.state.as_str() == "completed") {
            let found =
                at_cloudfront.iter().filter(|one| one.caller_reference == batch.sent_under().as_str());
            let found: Vec<_> = found.collect();
            assert_eq!(found.len(), 1, "{batch:?}");
            assert!(batch.items.iter().all(|item| found[0].items.iter().any(|sent| sent == item.as_str())));
        }
        let state = world.state(id).await;
        assert!(["completed", "cancelled", "failed"].contains(&state), "{state}");
    }
    world.finish().await;
}

macro_rules! on_both {
    ($($test:ident),* $(,)?) => {
        $(mod $test {
            use super::World;

            #[tokio::test]
            async fn sqlite() {
                super::$test(World::new().await).await;
            }

            #[tokio::test]
            #[ignore = "needs PostgreSQL: scripts/with-postgres"]
            async fn postgres() {
                super::$test(World::on_postgres().await).await;
            }
        })*
    };
}

on_both!(
    what_waits_together_goes_as_one,
    a_refused_item_sinks_nobody_else,
    one_that_is_cancelled_leaves_the_others,
    what_is_being_sent_cannot_be_cancelled,
    a_lost_answer_stays_with_what_was_sent,
);
