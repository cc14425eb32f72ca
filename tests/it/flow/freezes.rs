//! Freeze windows: whatever wide request is accepted overrides them with a reason, by whichever way it comes.

use std::time::Duration;

use cloudfront_sandbox::{Fault, FaultKind};
use futures_util::future::join_all;
use unstale::{
    commands::{self, CommandError, Requested, SeveralRequested},
    domain::{
        access::Role,
        actor::{Acting, Actor},
        distributions::protection::{Guard, Protection},
        id::DistributionId,
        invalidations::{
            batching::OURS,
            freeze_window::{
                FREEZES_MAX, FreezeAnswer, FreezeError, FreezeWindow, LacksForFreeze, TypedFreeze,
            },
            invalidation::NewInvalidation,
        },
        time::Timestamp,
    },
    store::{distributions::protections, invalidations::freezes, sign_in::people},
};

use crate::support::{DOCS, SHOP, WORKSHOP, World, acting, no_override, person, shell};

const HOUR: Duration = Duration::from_hours(1);

fn typed(name: &str, from: Timestamp, until: Timestamp, sites: &[&str]) -> TypedFreeze {
    TypedFreeze {
        name: name.to_owned(),
        why: "the sale".to_owned(),
        from: from.to_string(),
        until: until.to_string(),
        distributions: sites.iter().map(ToString::to_string).collect(),
    }
}

/// A window on all distributions that begins and ends so long from now.
async fn freeze(world: &World, from: Duration, until: Duration) -> FreezeWindow {
    let typed = typed("Black Friday", world.now().plus(from), world.now().plus(until), &[]);
    commands::add_freeze(&world.command_context, &shell(), &typed).await.unwrap()
}

async fn ask(world: &World, new: &NewInvalidation) -> Result<Requested, CommandError> {
    commands::request_invalidation(&world.command_context, &acting(), new).await
}

async fn wide(world: &World, site: &str) -> NewInvalidation {
    world.new_invalidation(site, "/*").await
}

async fn overriding(world: &World, site: &str) -> NewInvalidation {
    NewInvalidation { override_freeze: true, ..wide(world, site).await }
}

/// What the refusal by a freeze window says is missing.
#[track_caller]
fn lacks<T: std::fmt::Debug>(answer: Result<T, CommandError>) -> LacksForFreeze {
    match answer {
        Err(CommandError::Frozen(refusal)) => refusal.lacks,
        other => panic!("not refused by a freeze window: {other:?}"),
    }
}

async fn protect(world: &World, site: &str, change: impl FnOnce(&mut Protection)) {
    let mut protection = Protection::none(DistributionId::from_trusted(site));
    change(&mut protection);
    world.database.write(async |tx| protections::set(tx, &protection).await).await;
}

async fn last_note(world: &World) -> String {
    world.history().await.pop().unwrap().event.note
}

#[tokio::test]
async fn a_wide_request_needs_an_override_and_a_reason_while_a_window_is_in_force() {
    let world = World::new().await;
    freeze(&world, Duration::ZERO, HOUR).await;
    let head = world.head().await;
    assert_eq!(lacks(ask(&world, &wide(&world, SHOP).await).await), LacksForFreeze::Override);
    assert!(last_note(&world).await.contains("(the sale): a wide request needs an override"));
    let mut new = overriding(&world, SHOP).await;
    new.reason.clear();
    assert_eq!(lacks(ask(&world, &new).await), LacksForFreeze::Reason);
    assert_eq!(world.events_after(head).await, ["act.refused", "act.refused"]);
    assert_eq!(world.recent().await, []);
    world.request_at(SHOP, "/a\n/b*").await;
    ask(&world, &overriding(&world, SHOP).await).await.unwrap();
    assert_eq!(
        last_note(&world).await,
        "sent during the freeze window Black Friday, which the request overrode"
    );
    world.advance(HOUR);
    ask(&world, &wide(&world, DOCS).await).await.unwrap();
    world.live(60).await;
    world.finish().await;
}

#[tokio::test]
async fn what_a_distribution_calls_wide_is_wide_and_other_distributions_go_on() {
    let world = World::new().await;
    protect(&world, SHOP, |one| one.wide_above = Some(2)).await;
    let typed = typed("Sale", world.now(), world.now().plus(HOUR), &[SHOP]);
    commands::add_freeze(&world.command_context, &shell(), &typed).await.unwrap();
    let three = world.new_invalidation(SHOP, "/a\n/b\n/c").await;
    assert_eq!(lacks(ask(&world, &three).await), LacksForFreeze::Override);
    world.request_at(SHOP, "/a\n/b").await;
    ask(&world, &wide(&world, DOCS).await).await.unwrap();
    world.finish().await;
}

#[tokio::test]
async fn the_time_at_which_it_is_to_be_sent_decides() {
    let world = World::new().await;
    freeze(&world, HOUR, 2 * HOUR).await;
    let at = async |after: Duration| {
        let not_before = Some(world.now().plus(after));
        ask(&world, &NewInvalidation { not_before, ..wide(&world, SHOP).await }).await
    };
    assert_eq!(lacks(at(HOUR).await), LacksForFreeze::Override);
    at(2 * HOUR).await.unwrap();
    at(HOUR / 2).await.unwrap();
    ask(&world, &wide(&world, SHOP).await).await.unwrap();
    let not_before = Some(world.now().plus(HOUR));
    let bold = NewInvalidation { not_before, ..overriding(&world, SHOP).await };
    ask(&world, &bold).await.unwrap();
    world.advance(HOUR);
    world.live(20).await;
    assert_eq!(world.state(&bold.id).await, "in_progress", "it was overridden when it was made");
    world.finish().await;
}

/// Two at the moment at which a window begins, one of which overrides it; on PostgreSQL on two connections.
async fn a_window_begins_at_its_moment(world: World) {
    freeze(&world, HOUR, 2 * HOUR).await;
    world.advance(HOUR.checked_sub(Duration::from_micros(1)).unwrap());
    let both = async |bold: bool| {
        let new =
            [NewInvalidation { override_freeze: bold, ..wide(&world, SHOP).await }, wide(&world, DOCS).await];
        let by = acting();
        join_all(new.iter().map(|new| commands::request_invalidation(&world.command_context, &by, new))).await
    };
    let before = both(false).await;
    assert!(before.iter().all(Result::is_ok), "{before:?}");
    world.advance(Duration::from_micros(1));
    for answer in both(false).await {
        assert_eq!(lacks(answer), LacksForFreeze::Override);
    }
    let mut after = both(true).await;
    assert_eq!(lacks(after.pop().unwrap()), LacksForFreeze::Override);
    after.pop().unwrap().unwrap();
    assert_eq!(world.recent().await.len(), 3);
    world.send_each_alone().await;
    // What was accepted before the window began goes, although it waits for its turn until then.
    world.live(60).await;
    assert_eq!((world.at_cloudfront(SHOP), world.at_cloudfront(DOCS)), (2, 1));
    world.finish().await;
}

#[tokio::test]
async fn two_at_the_moment_when_a_window_begins_are_both_held() {
    a_window_begins_at_its_moment(World::new().await).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres"]
async fn two_at_the_moment_when_a_window_begins_are_both_held_on_postgres() {
    a_window_begins_at_its_moment(World::on_postgres().await).await;
}

/// A window is added while requests come: each is accepted before it or held by it, and none is lost.
async fn a_window_is_added_among_requests(world: World) {
    let typed = typed("Incident", world.now(), world.now().plus(HOUR), &[]);
    let by = acting();
    let mut new = Vec::new();
    for site in [SHOP, DOCS, WORKSHOP] {
        new.push(wide(&world, site).await);
    }
    let shell = shell();
    let add = commands::add_freeze(&world.command_context, &shell, &typed);
    let asked =
        join_all(new.iter().map(|new| commands::request_invalidation(&world.command_context, &by, new)));
    let (added, answers) = tokio::join!(add, asked);
    added.unwrap();
    let accepted = answers.iter().filter(|answer| answer.is_ok()).count();
    let held = answers.iter().filter(|answer| matches!(answer, Err(CommandError::Frozen(_)))).count();
    assert_eq!(accepted + held, 3, "{answers:?}");
    assert_eq!(world.recent().await.len(), accepted);
    assert_eq!(lacks(ask(&world, &wide(&world, SHOP).await).await), LacksForFreeze::Override);
    world.finish().await;
}

#[tokio::test]
async fn a_window_may_be_added_while_requests_come() {
    a_window_is_added_among_requests(World::new().await).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres"]
async fn a_window_may_be_added_while_requests_come_on_postgres() {
    a_window_is_added_among_requests(World::on_postgres().await).await;
}

#[tokio::test]
async fn several_distributions_are_held_together() {
    let world = World::new().await;
    let typed = typed("Sale", world.now(), world.now().plus(HOUR), &[SHOP]);
    commands::add_freeze(&world.command_context, &shell(), &typed).await.unwrap();
    let mut all = vec![wide(&world, DOCS).await, wide(&world, SHOP).await];
    let several = async |all: &[NewInvalidation]| {
        commands::request_several(&world.command_context, &acting(), all).await
    };
    let head = world.head().await;
    assert_eq!(lacks(several(&all).await), LacksForFreeze::Override);
    assert_eq!(world.events_after(head).await, ["act.refused"]);
    assert_eq!(world.recent().await, []);
    all[1].override_freeze = true;
    let SeveralRequested::All(answers) = several(&all).await.unwrap() else { panic!("it was stopped") };
    assert_eq!(answers.len(), 2);
    world.finish().await;
}

#[tokio::test]
async fn whoever_approves_during_a_window_overrides_it_with_a_word() {
    let world = World::new().await;
    protect(&world, SHOP, |one| one.guard = Guard::SecondPerson).await;
    freeze(&world, Duration::ZERO, HOUR).await;
    // Nothing is sent yet, so that nothing is asked of whoever makes the request.
    let Requested::Proposed(id) = ask(&world, &wide(&world, SHOP).await).await.unwrap() else {
        panic!("it does not wait")
    };
    let bob = person("bob@example.com", Role::Operator);
    world.database.write(async |tx| people::insert(tx, &bob, "").await).await;
    let bob = Acting { actor: Actor::person(&bob.id, &bob.email), ..acting() };
    let approve = async |overrides, reason| {
        let answer = FreezeAnswer { overrides, reason };
        commands::approve_proposal(&world.command_context, &bob, &id, answer, OURS).await
    };
    let head = world.head().await;
    assert_eq!(lacks(approve(false, "fine").await), LacksForFreeze::Override);
    assert_eq!(lacks(approve(true, "").await), LacksForFreeze::Reason);
    assert_eq!(world.events_after(head).await, ["act.refused", "act.refused"]);
    approve(true, "the price is wrong").await.expect("it waits on");
    let note = last_note(&world).await;
    assert!(note.contains(": the price is wrong; sent during the freeze window Black Friday"), "{note}");
    world.live(30).await;
    world.finish().await;
}

#[tokio::test]
async fn an_administrator_who_goes_on_alone_overrides_a_window_too() {
    let world = World::new().await;
    protect(&world, SHOP, |one| one.guard = Guard::TypedName).await;
    freeze(&world, Duration::ZERO, HOUR).await;
    let confirmation = unstale::domain::distributions::protection::Confirmation::Typed(
        world.distribution(SHOP).await.domain_name,
    );
    let new = NewInvalidation { confirmation: confirmation.clone(), ..wide(&world, SHOP).await };
    assert_eq!(lacks(ask(&world, &new).await), LacksForFreeze::Override);
    let new = NewInvalidation { confirmation, ..overriding(&world, SHOP).await };
    ask(&world, &new).await.unwrap();
    let note = last_note(&world).await;
    assert!(note.starts_with("confirmed by typing") && note.contains("Black Friday"), "{note}");
    world.finish().await;
}

#[tokio::test]
async fn what_is_tried_again_is_held_unless_the_request_overrode_the_window() {
    let world = World::new().await;
    let refused = async |new: &NewInvalidation| {
        world.next_create(FaultKind::AccessDenied);
        ask(&world, new).await.unwrap();
        world.submit().await;
        world.sandbox.set_faults(Vec::new());
        world.advance(HOUR);
        assert_eq!(world.state(&new.id).await, "failed");
    };
    let before = wide(&world, SHOP).await;
    refused(&before).await;
    freeze(&world, Duration::ZERO, 9 * HOUR).await;
    let bold = overriding(&world, DOCS).await;
    refused(&bold).await;
    let retry = async |new: &NewInvalidation, answer: FreezeAnswer<'_>| {
        commands::retry_invalidation(&world.command_context, &acting(), &new.id, answer).await
    };
    assert_eq!(lacks(retry(&before, no_override()).await), LacksForFreeze::Override);
    assert_eq!(world.state(&before.id).await, "failed");
    retry(&bold, no_override()).await.expect("it overrode this window when it was made");
    retry(&before, FreezeAnswer { overrides: true, reason: "a wrong price" }).await.unwrap();
    let event = world.history().await.pop().unwrap().event;
    assert_eq!(event.reason, "a wrong price");
    assert!(event.note.contains("Black Friday"), "{}", event.note);
    world.live(60).await;
    world.finish().await;
}

/// A request for an hour from now, and a window made later that begins then and lasts an hour.
async fn scheduled(world: &World) -> (NewInvalidation, FreezeWindow) {
    let not_before = Some(world.now().plus(HOUR));
    let new = NewInvalidation { not_before, ..wide(world, SHOP).await };
    ask(world, &new).await.unwrap();
    let window = freeze(world, HOUR, 2 * HOUR).await;
    (new, window)
}

async fn a_request_for_a_time_that_was_frozen_later_waits_for_its_end(world: World) {
    let (new, window) = scheduled(&world).await;
    let narrow = world.new_invalidation(SHOP, "/a").await;
    ask(&world, &NewInvalidation { not_before: new.not_before, ..narrow }).await.unwrap();
    let (context, everybody) = (&world.command_context, crate::support::all_seen());
    let mut conn = world.database.db.read().await.unwrap();
    let seen = commands::freezes_seen(context, &mut conn, &everybody).await.unwrap();
    drop(conn);
    let waiting: Vec<_> = seen[0].waiting.iter().map(|one| (&one.invalidation, one.put_off_until)).collect();
    assert_eq!(waiting, [(&new.id, None)], "only the wide one");
    world.advance(HOUR);
    world.live(60).await;
    assert_eq!(world.at_cloudfront(SHOP), 1);
    assert_eq!(world.events(&new.id).await, ["invalidation.requested", "invalidation.put_off"]);
    assert_eq!((world.state(&new.id).await, world.batch(&new.id).await.due_at), ("queued", window.until));
    let put_off = world.database.get(async |conn| freezes::waiting_of(conn, &new.id).await).await.unwrap();
    assert_eq!((put_off.chosen, put_off.put_off_until), (new.not_before.unwrap(), Some(window.until)));
    world.advance(HOUR);
    world.live(60).await;
    assert_eq!(world.state(&new.id).await, "completed");
    world.finish().await;
}

#[tokio::test]
async fn a_scheduled_request_waits_for_the_end_of_a_window_that_was_made_later() {
    a_request_for_a_time_that_was_frozen_later_waits_for_its_end(World::new().await).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres"]
async fn a_scheduled_request_waits_for_the_end_of_a_window_that_was_made_later_on_postgres() {
    a_request_for_a_time_that_was_frozen_later_waits_for_its_end(World::on_postgres().await).await;
}

async fn a_window_that_is_removed_lets_go(world: World) {
    let (new, window) = scheduled(&world).await;
    world.advance(HOUR);
    world.live(20).await;
    assert_eq!(world.state(&new.id).await, "queued");
    commands::remove_freeze(&world.command_context, &shell(), &window.id).await.unwrap();
    let again = commands::remove_freeze(&world.command_context, &shell(), &window.id).await;
    assert!(matches!(again, Err(CommandError::NotFound)), "{again:?}");
    world.live(60).await;
    assert_eq!(world.state(&new.id).await, "completed");
    world.finish().await;
}

#[tokio::test]
async fn removing_a_window_lets_go_what_it_put_off() {
    a_window_that_is_removed_lets_go(World::new().await).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres"]
async fn removing_a_window_lets_go_what_it_put_off_on_postgres() {
    a_window_that_is_removed_lets_go(World::on_postgres().await).await;
}

#[tokio::test]
async fn a_request_that_was_put_off_goes_when_somebody_overrides_that_with_a_reason() {
    let world = World::new().await;
    let (new, _) = scheduled(&world).await;
    let release = async |reason: &str| {
        let answer = FreezeAnswer { overrides: true, reason };
        commands::override_freeze(&world.command_context, &acting(), &new.id, answer).await
    };
    assert_eq!(lacks(release("").await), LacksForFreeze::Reason);
    world.advance(HOUR);
    world.live(10).await;
    release("the sale begins with this").await.unwrap();
    assert!(matches!(release("again").await, Err(CommandError::TooLate)));
    world.live(60).await;
    assert_eq!(world.state(&new.id).await, "completed");
    let events = world.events(&new.id).await;
    assert_eq!(
        events[..3],
        ["invalidation.requested", "invalidation.put_off", "freeze.overridden"],
        "{events:?}"
    );
    world.finish().await;
}

#[tokio::test]
async fn only_an_administrator_keeps_windows_and_there_is_a_most() {
    let world = World::new().await;
    let (from, until) = (world.now(), world.now().plus(HOUR));
    let add = async |by: &Acting, typed: &TypedFreeze| {
        commands::add_freeze(&world.command_context, by, typed).await
    };
    let head = world.head().await;
    let refused = add(&acting(), &typed("Sale", from, until, &[])).await;
    assert!(matches!(refused, Err(CommandError::NotAllowed(_))), "{refused:?}");
    let window = add(&shell(), &typed("Sale", from, until, &[SHOP, DOCS])).await.unwrap();
    let refused = commands::remove_freeze(&world.command_context, &acting(), &window.id).await;
    assert!(matches!(refused, Err(CommandError::NotAllowed(_))), "{refused:?}");
    commands::remove_freeze(&world.command_context, &shell(), &window.id).await.unwrap();
    assert_eq!(
        world.events_after(head).await,
        ["act.refused", "freeze.added", "act.refused", "freeze.removed"]
    );
    let event = world.history().await.pop().unwrap().event;
    assert_eq!(
        event.old,
        "2026-11-23 10:00 to 2026-11-23 11:00 UTC on E1SHOP7K2M4NQX, E3DOCS5V8W1RTY: the sale"
    );
    let wrong = add(&shell(), &typed("Sale", from, until, &["E0NOSUCH"])).await;
    assert!(
        matches!(&wrong, Err(CommandError::Freeze(errors)) if errors.0 == [FreezeError::Distributions]),
        "{wrong:?}"
    );
    for _ in 0..FREEZES_MAX {
        add(&shell(), &typed("Sale", from, until, &[])).await.unwrap();
    }
    let more = add(&shell(), &typed("Sale", from, until, &[])).await;
    assert!(
        matches!(&more, Err(CommandError::Freeze(errors)) if errors.0 == [FreezeError::TooMany]),
        "{more:?}"
    );
    // Those that ended long ago make room.
    world.advance(31 * 24 * HOUR);
    let (from, until) = (world.now(), world.now().plus(HOUR));
    add(&shell(), &typed("Next sale", from, until, &[])).await.unwrap();
    world.finish().await;
}

/// Both are due at the same time. What is merged is looked at as what goes by itself is.
#[tokio::test]
async fn what_waits_beside_a_request_that_is_put_off_goes_without_it() {
    let world = World::new().await;
    let narrow = world.new_invalidation(SHOP, "/a").await;
    ask(&world, &narrow).await.unwrap();
    let (scheduled, _) = scheduled(&world).await;
    world.advance(HOUR);
    world.submit().await;
    assert_eq!(world.creates().iter().map(|call| call.items.clone()).collect::<Vec<_>>(), [["/a"]]);
    assert_eq!((world.state(&narrow.id).await, world.state(&scheduled.id).await), ("in_progress", "queued"));
    world.advance(HOUR);
    world.submit().await;
    assert_eq!(world.state(&scheduled.id).await, "in_progress", "the window is over");
    world.finish().await;
}

/// A narrow request that went together with a wide one is sent again with it.
#[tokio::test]
async fn what_went_together_is_held_when_it_is_sent_again() {
    let world = World::new().await;
    let new = [world.new_invalidation(SHOP, "/a").await, wide(&world, SHOP).await];
    for one in &new {
        ask(&world, one).await.unwrap();
    }
    let words = "Your request contains a caller reference that was used for a previous invalidation batch.";
    world.fault(Fault::refuse("CreateInvalidation", 409, "InvalidationBatchAlreadyExists", words).times(9));
    for _ in 0..100 {
        world.submit().await;
        world.advance(Duration::from_secs(1));
    }
    world.sandbox.set_faults(Vec::new());
    let batch = world.batch(&new[0].id).await;
    assert_eq!((batch.state.as_str(), batch.merged_into.is_some()), ("needs_a_look", true));
    freeze(&world, Duration::ZERO, HOUR).await;
    let settle = async |answer| {
        commands::resolve_not_there(&world.command_context, &acting(), &batch.id, answer).await
    };
    assert_eq!(lacks(settle(no_override()).await), LacksForFreeze::Override);
    assert_eq!(world.state(&new[0].id).await, "needs_a_look");
    settle(FreezeAnswer { overrides: true, reason: "INC-7" }).await.unwrap();
    world.live(60).await;
    assert_eq!((world.state(&new[0].id).await, world.state(&new[1].id).await), ("completed", "completed"));
    let history = world.history().await;
    let separated = history.iter().filter(|one| one.event.action.as_str() == "batch.separated");
    let told: Vec<_> = separated.map(|one| (one.event.reason.as_str(), one.event.note.as_str())).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told.iter().all(|(reason, note)| *reason == "INC-7" && note.contains("Black Friday")),
        "{told:?}"
    );
    world.finish().await;
}
