//! Budgets of a month: whatever is accepted fits them, by whichever way it comes.

use std::time::Duration;

use cloudfront_sandbox::FaultKind;
use futures_util::future::join_all;
use unstale::{
    commands::{self, BudgetChange, CommandError, Requested},
    domain::{
        access::Role,
        actor::{Acting, Actor},
        distributions::protection::{Guard, Protection},
        id::{DistributionId, ProposalId},
        invalidations::{
            batching::OURS,
            invalidation::NewInvalidation,
            monthly_budget::{BudgetError, BudgetKind},
        },
    },
    store::{distributions::protections, sign_in::people},
};

use crate::support::{DOCS, SHOP, WORKSHOP, World, acting, lines, no_override, person, shell};

async fn set(world: &World, kind: BudgetKind, named: &str, hard: Option<u64>) {
    let change = BudgetChange { kind, named: named.to_owned(), soft_items: None, hard_items: hard };
    commands::set_budget(&world.command_context, &shell(), &change).await.unwrap();
}

async fn account(world: &World) -> String {
    world.distribution(WORKSHOP).await.account().to_owned()
}

async fn ask(world: &World, new: &NewInvalidation) -> Result<Requested, CommandError> {
    commands::request_invalidation(&world.command_context, &acting(), new).await
}

async fn ask_for(world: &World, site: &str, items: usize) -> Result<Requested, CommandError> {
    let name = crate::support::uuid();
    let new = world.new_invalidation(site, &lines(items, |n| format!("/{name}/{n}"))).await;
    ask(world, &new).await
}

/// The refusal by a budget.
#[track_caller]
fn refused<T: std::fmt::Debug>(answer: Result<T, CommandError>) -> String {
    match answer {
        Err(CommandError::OverBudget(why)) => why,
        other => panic!("not refused by a budget: {other:?}"),
    }
}

#[tokio::test]
async fn a_hard_budget_refuses_what_would_pass_it_and_says_why() {
    let world = World::new().await;
    set(&world, BudgetKind::Account, &account(&world).await, Some(10)).await;
    ask_for(&world, WORKSHOP, 4).await.unwrap();
    ask_for(&world, SHOP, 3).await.unwrap();
    let head = world.head().await;
    let why = refused(ask_for(&world, DOCS, 4).await);
    assert!(
        why.ends_with(
            "for November is 10 items: 7 used, 3 left; this request needs 4; an administrator may \
             raise or remove it"
        ),
        "{why}"
    );
    assert_eq!(world.events_after(head).await, ["act.refused"]);
    let event = world.history().await.pop().unwrap().event;
    assert_eq!((event.note, event.items.count), (why, 4));
    ask_for(&world, DOCS, 3).await.unwrap();
    set(&world, BudgetKind::Account, &account(&world).await, None).await;
    ask_for(&world, DOCS, 3).await.unwrap();
    world.live(60).await;
    world.finish().await;
}

#[tokio::test]
async fn a_distribution_a_person_and_a_group_have_budgets_of_their_own() {
    let world = World::new().await;
    set(&world, BudgetKind::Distribution, SHOP, Some(2)).await;
    refused(ask_for(&world, SHOP, 3).await);
    ask_for(&world, WORKSHOP, 3).await.unwrap();
    let Actor::Person { id: ada, .. } = acting().actor else { panic!("not a person") };
    set(&world, BudgetKind::Person, ada.as_str(), Some(5)).await;
    let why = refused(ask_for(&world, WORKSHOP, 3).await);
    assert!(why.contains("of the person p1@example.com for November is 5 items: 3 used"), "{why}");
    set(&world, BudgetKind::Person, ada.as_str(), None).await;
    commands::add_group(&world.command_context, &shell(), "docs team").await.unwrap();
    commands::add_member(&world.command_context, &shell(), "docs team", &ada).await.unwrap();
    set(&world, BudgetKind::Group, "docs team", Some(4)).await;
    let why = refused(ask_for(&world, WORKSHOP, 2).await);
    assert!(why.contains("of the group docs team"), "{why}");
    ask_for(&world, WORKSHOP, 1).await.unwrap();
    world.finish().await;
}

#[tokio::test]
async fn the_next_month_begins_anew_and_what_is_put_off_counts_there() {
    let world = World::new().await;
    set(&world, BudgetKind::Distribution, SHOP, Some(2)).await;
    ask_for(&world, SHOP, 2).await.unwrap();
    let mut later = world.new_invalidation(SHOP, "/later").await;
    later.not_before = Some(world.now().start_of_next_month().plus(Duration::from_hours(1)));
    ask(&world, &later).await.unwrap();
    refused(ask_for(&world, SHOP, 1).await);
    world.submit().await;
    world.advance(world.now().start_of_next_month().since(world.now()));
    refused(ask_for(&world, SHOP, 2).await);
    ask_for(&world, SHOP, 1).await.unwrap();
    world.finish().await;
}

#[tokio::test]
async fn several_distributions_of_one_account_are_accepted_together_or_not_at_all() {
    let world = World::new().await;
    set(&world, BudgetKind::Account, &account(&world).await, Some(5)).await;
    let mut all = Vec::new();
    for site in [DOCS, SHOP] {
        all.push(world.new_invalidation(site, &lines(3, |n| format!("/{n}"))).await);
    }
    let head = world.head().await;
    let why = refused(commands::request_several(&world.command_context, &acting(), &all).await);
    assert!(why.contains("3 used, 2 left; this request needs 3"), "{why}");
    assert_eq!(world.events_after(head).await, ["act.refused"]);
    assert_eq!(world.recent().await, []);
    ask_for(&world, DOCS, 5).await.unwrap();
    world.finish().await;
}

#[tokio::test]
async fn a_proposal_is_held_to_the_budget_when_it_is_approved() {
    let world = World::new().await;
    let wide =
        Protection { guard: Guard::SecondPerson, ..Protection::none(DistributionId::from_trusted(SHOP)) };
    world.database.write(async |tx| protections::set(tx, &wide).await).await;
    let new = world.new_invalidation(SHOP, "/*").await;
    let Requested::Proposed(id) = ask(&world, &new).await.unwrap() else { panic!("it does not wait") };
    set(&world, BudgetKind::Distribution, SHOP, Some(0)).await;
    let bob = person("bob@example.com", Role::Operator);
    world.database.write(async |tx| people::insert(tx, &bob, "").await).await;
    let bob = Acting { actor: Actor::person(&bob.id, &bob.email), ..acting() };
    let approve = async |id: &ProposalId| {
        commands::approve_proposal(&world.command_context, &bob, id, no_override(), OURS).await
    };
    let head = world.head().await;
    refused(approve(&id).await);
    assert_eq!(world.events_after(head).await, ["act.refused"]);
    assert_eq!(world.recent().await, []);
    set(&world, BudgetKind::Distribution, SHOP, Some(1)).await;
    approve(&id).await.expect("it waits on");
    world.live(30).await;
    world.finish().await;
}

#[tokio::test]
async fn what_is_tried_again_is_held_to_the_budget_too() {
    let world = World::new().await;
    let new = world.new_invalidation(SHOP, "/a\n/b").await;
    world.next_create(FaultKind::AccessDenied);
    ask(&world, &new).await.unwrap();
    world.submit().await;
    assert_eq!(world.state(&new.id).await, "failed");
    set(&world, BudgetKind::Distribution, SHOP, Some(1)).await;
    let retry = async || {
        commands::retry_invalidation(&world.command_context, &acting(), &new.id, no_override()).await
    };
    let head = world.head().await;
    refused(retry().await);
    assert_eq!(world.events_after(head).await, ["act.refused"]);
    assert_eq!(world.state(&new.id).await, "failed");
    set(&world, BudgetKind::Distribution, SHOP, Some(2)).await;
    retry().await.unwrap();
    assert!(matches!(retry().await, Err(CommandError::TooLate)));
    refused(ask_for(&world, SHOP, 1).await);
    world.live(60).await;
    world.finish().await;
}

/// Two at once, each of which fits alone; on PostgreSQL on two connections.
async fn one_of_two_at_once_is_accepted(world: World) {
    set(&world, BudgetKind::Account, &account(&world).await, Some(7)).await;
    for round in 0..5 {
        let mut new = Vec::new();
        for site in [SHOP, DOCS] {
            new.push(world.new_invalidation(site, &lines(4, |n| format!("/{round}/{n}"))).await);
        }
        let by = acting();
        let both = new.iter().map(|new| commands::request_invalidation(&world.command_context, &by, new));
        let answers = join_all(both).await;
        let accepted: Vec<&Requested> = answers.iter().flatten().collect();
        assert_eq!(accepted.len(), 1, "round {round}: {answers:?}");
        let refusals = answers.iter().filter(|one| matches!(one, Err(CommandError::OverBudget(_))));
        assert_eq!(refusals.count(), 1, "round {round}: {answers:?}");
        let Requested::New(id, _) = accepted[0] else { panic!("{accepted:?}") };
        commands::cancel_invalidation(&world.command_context, &by, id).await.unwrap();
    }
    world.finish().await;
}

#[tokio::test]
async fn two_at_once_do_not_both_slip_under_a_hard_budget() {
    one_of_two_at_once_is_accepted(World::new().await).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres"]
async fn two_at_once_do_not_both_slip_under_a_hard_budget_on_postgres() {
    one_of_two_at_once_is_accepted(World::on_postgres().await).await;
}

/// Requests of several distributions in both orders, beside single ones: none waits for another for ever.
#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres"]
async fn requests_that_share_budgets_do_not_deadlock() {
    let world = World::on_postgres().await;
    set(&world, BudgetKind::Account, &account(&world).await, Some(10_000)).await;
    set(&world, BudgetKind::Distribution, SHOP, Some(10_000)).await;
    for site in [SHOP, DOCS, WORKSHOP] {
        let one =
            Protection { reason_required: true, ..Protection::none(DistributionId::from_trusted(site)) };
        world.database.write(async |tx| protections::set(tx, &one).await).await;
    }
    let mut asked = Vec::new();
    for round in 0..8 {
        let mut all = Vec::new();
        for site in [DOCS, SHOP] {
            all.push(world.new_invalidation(site, &format!("/{round}")).await);
        }
        if round % 2 == 0 {
            all.reverse();
        }
        asked.push(all);
        asked.push(vec![world.new_invalidation(SHOP, &format!("/one/{round}")).await]);
    }
    let by = acting();
    let answers =
        join_all(asked.iter().map(|all| commands::request_several(&world.command_context, &by, all))).await;
    for answer in answers {
        answer.unwrap();
    }
    world.finish().await;
}

#[tokio::test]
async fn only_an_administrator_sets_a_budget_and_the_history_has_both_numbers() {
    let world = World::new().await;
    let change = |named: &str, soft_items, hard_items| BudgetChange {
        kind: BudgetKind::Distribution,
        named: named.to_owned(),
        soft_items,
        hard_items,
    };
    let set = async |by: &Acting, change: &BudgetChange| {
        commands::set_budget(&world.command_context, by, change).await
    };
    let head = world.head().await;
    let refused = set(&acting(), &change(SHOP, Some(5), Some(9))).await;
    assert!(matches!(refused, Err(CommandError::NotAllowed(_))), "{refused:?}");
    set(&shell(), &change(SHOP, Some(5), Some(9))).await.unwrap();
    set(&shell(), &change(SHOP, None, None)).await.unwrap();
    assert_eq!(world.events_after(head).await, ["act.refused", "budget.changed", "budget.changed"]);
    let event = world.history().await.pop().unwrap().event;
    assert_eq!(event.old, "warns above 5 and refuses above 9 items a month");
    assert_eq!((event.new.as_str(), event.distribution.unwrap().as_str()), ("no budget", SHOP));
    for (wrong, why) in [
        (change("nothing", Some(5), None), BudgetError::Unknown),
        (change("nothing", None, None), BudgetError::Unknown),
        (change(SHOP, Some(9), Some(5)), BudgetError::SoftAboveHard),
        (change(SHOP, None, Some(u64::MAX)), BudgetError::Items),
    ] {
        let answer = set(&shell(), &wrong).await;
        assert!(matches!(&answer, Err(CommandError::Budget(error)) if *error == why), "{answer:?}");
    }
    world.finish().await;
}
