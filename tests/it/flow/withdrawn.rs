//! What waits in the name of somebody who may not ask for it any more is not sent.

use std::time::Duration;

use unstale::{
    commands::{self, CommandError, NewToken, Requested},
    domain::{
        access::Role,
        actor::{Acting, Actor, Origin},
        distributions::protection::{Guard, Protection},
        id::{DistributionId, InvalidationId, ProposalId},
        invalidations::{batching::OURS, proposal::ProposalState},
        sign_in::person::Person,
        tokens::token::Token,
    },
    store::{distributions::protections, invalidations::proposals, sign_in::people, tokens},
};

use crate::support::{SHOP, WORKSHOP, World, acting, lines, no_override, person, shell};

const DAY: Duration = Duration::from_hours(24);

async fn add(world: &World, email: &str, role: Role) -> Person {
    let somebody = person(email, role);
    world.database.write(async |tx| people::insert(tx, &somebody, "no password").await).await;
    somebody
}

fn of(actor: Actor) -> Acting {
    Acting { actor, origin: Origin::default() }
}

async fn token(world: &World, maker: &Acting, life: Option<Duration>) -> Token {
    let new = NewToken { name: "deploy".to_owned(), role: Role::Operator, life, distributions: Vec::new() };
    commands::make_token(&world.command_context, maker, &new).await.unwrap().0
}

/// A request that is put off for a day.
async fn put_off(world: &World, who: &Acting, typed: &str) -> InvalidationId {
    let mut new = world.new_invalidation(WORKSHOP, typed).await;
    new.not_before = Some(world.now().plus(DAY));
    commands::request_invalidation(&world.command_context, who, &new).await.unwrap();
    new.id
}

/// A request that waits for a second person.
async fn proposed(world: &World, who: &Acting) -> ProposalId {
    let guarded =
        Protection { guard: Guard::SecondPerson, ..Protection::none(DistributionId::from_trusted(SHOP)) };
    world.database.write(async |tx| protections::set(tx, &guarded).await).await;
    let new = world.new_invalidation(SHOP, "/*").await;
    match commands::request_invalidation(&world.command_context, who, &new).await.unwrap() {
        Requested::Proposed(id) => id,
        other => panic!("{other:?}"),
    }
}

async fn proposal_state(world: &World, id: &ProposalId) -> ProposalState {
    let now = world.now();
    world.database.get(async |conn| proposals::find(conn, id, now).await).await.unwrap().state
}

/// Looks that nothing of it is sent, whenever.
async fn is_never_sent(world: &World, id: &InvalidationId) {
    let sent = world.creates().len();
    world.advance(2 * DAY);
    world.live(5).await;
    assert_eq!(world.creates().len(), sent);
    assert_eq!(world.state(id).await, "cancelled");
}

#[tokio::test]
async fn revoking_a_token_cancels_what_waits_and_lets_go_on_what_was_sent() {
    let world = World::new().await;
    let token = token(&world, &shell(), None).await;
    let sent = world.new_invalidation(WORKSHOP, "/sent").await;
    commands::request_invalidation(&world.command_context, &of(token.actor()), &sent).await.unwrap();
    world.submit().await;
    let waits = put_off(&world, &of(token.actor()), "/a").await;
    let asks = proposed(&world, &of(token.actor())).await;
    let others = put_off(&world, &acting(), "/b").await;
    let head = world.head().await;
    commands::revoke_token(&world.command_context, &shell(), &token.id).await.unwrap();
    let events = world.events_after(head).await;
    assert_eq!(events, ["token.revoked", "invalidation.cancelled", "proposal.declined"]);
    let history = world.history().await;
    let cancelled = history.iter().find(|one| one.event.invalidation.as_ref() == Some(&waits));
    let note = |action: &str| {
        let event = history.iter().rev().find(|one| one.event.action.as_str() == action);
        event.unwrap().event.note.clone()
    };
    assert!(cancelled.is_some());
    assert!(note("invalidation.cancelled").starts_with("the token deploy was revoked; "));
    assert!(note("proposal.declined").starts_with("the token deploy was revoked; "));
    assert_eq!(proposal_state(&world, &asks).await, ProposalState::Declined);
    assert_eq!(world.state(&others).await, "queued", "somebody else's");
    world.live(30).await;
    assert_eq!(world.state(&sent.id).await, "completed");
    world.advance(2 * DAY);
    world.live(30).await;
    assert_eq!(world.state(&others).await, "completed");
    is_never_sent(&world, &waits).await;
    world.finish().await;
}

#[tokio::test]
async fn a_person_who_is_disabled_or_demoted_takes_their_tokens_along() {
    for (role, disabled) in [(Role::Viewer, false), (Role::Operator, true)] {
        let world = World::new().await;
        add(&world, "boss@example.com", Role::Admin).await;
        let ada = add(&world, "adele@example.com", Role::Admin).await;
        let by = of(Actor::person(&ada.id, &ada.email));
        let token = token(&world, &by, None).await;
        let own = put_off(&world, &by, "/own").await;
        let tokens = put_off(&world, &of(token.actor()), "/token").await;
        let asks = proposed(&world, &by).await;
        let head = world.head().await;
        if disabled {
            commands::disable_person(&world.command_context, &shell(), &ada.id).await.unwrap();
        } else {
            commands::change_role(&world.command_context, &shell(), &ada.id, role).await.unwrap();
        }
        let events = world.events_after(head).await;
        let first = if disabled { "person.disabled" } else { "person.role_changed" };
        assert_eq!(events, [first, "invalidation.cancelled", "proposal.declined", "invalidation.cancelled"]);
        assert_eq!(proposal_state(&world, &asks).await, ProposalState::Declined);
        let new = world.new_invalidation(WORKSHOP, "/more").await;
        let refused = commands::request_invalidation(&world.command_context, &of(token.actor()), &new).await;
        assert!(matches!(refused, Err(CommandError::NotAllowed(_) | CommandError::Hidden)), "{refused:?}");
        is_never_sent(&world, &own).await;
        is_never_sent(&world, &tokens).await;
        world.finish().await;
    }
}

#[tokio::test]
async fn an_administrator_who_becomes_an_operator_loses_nothing_that_an_operator_may() {
    let world = World::new().await;
    add(&world, "boss@example.com", Role::Admin).await;
    let ada = add(&world, "adele@example.com", Role::Admin).await;
    let waits = put_off(&world, &of(Actor::person(&ada.id, &ada.email)), "/own").await;
    commands::change_role(&world.command_context, &shell(), &ada.id, Role::Operator).await.unwrap();
    world.advance(2 * DAY);
    world.live(30).await;
    assert_eq!(world.state(&waits).await, "completed");
    world.finish().await;
}

#[tokio::test]
async fn what_grants_do_not_cover_any_more_is_cancelled_when_it_would_go() {
    let world = World::new().await;
    let many = lines(3_100, |n| format!("/{n}"));
    let waits = put_off(&world, &acting(), &many).await;
    let covered = put_off(&world, &acting(), "/docs/a").await;
    let narrow = format!(
        "INSERT INTO access_grant (id, subject_kind, subject_id, distribution_id, path_prefix, everything,
         created_at) VALUES ('g', 'person', 'p1', '{WORKSHOP}', '/docs/', FALSE, 1)"
    );
    world.database.raw().await.run(&narrow).await.unwrap();
    assert_eq!(world.state(&waits).await, "queued");
    world.advance(2 * DAY);
    world.live(30).await;
    assert_eq!(world.state(&waits).await, "cancelled");
    assert_eq!(world.events(&waits).await, ["invalidation.requested", "invalidation.cancelled"]);
    assert_eq!(world.state(&covered).await, "completed");
    assert_eq!(world.creates().len(), 1);
    world.finish().await;
}

#[tokio::test]
async fn a_token_that_ends_by_itself_takes_nothing_back() {
    let world = World::new().await;
    let bob = add(&world, "bob@example.com", Role::Operator).await;
    let token = token(&world, &shell(), Some(DAY / 2)).await;
    let waits = put_off(&world, &of(token.actor()), "/a").await;
    let [asks, late] =
        [proposed(&world, &of(token.actor())).await, proposed(&world, &of(token.actor())).await];
    // One of the command line has nobody behind it: an administrator has to approve.
    commands::change_role(&world.command_context, &shell(), &bob.id, Role::Admin).await.unwrap();
    let by = of(Actor::person(&bob.id, &bob.email));
    let approved =
        commands::approve_proposal(&world.command_context, &by, &asks, no_override(), OURS).await.unwrap();
    world.advance(DAY / 2);
    let new = world.new_invalidation(WORKSHOP, "/b").await;
    let over = commands::request_invalidation(&world.command_context, &of(token.actor()), &new).await;
    assert!(over.is_err(), "{over:?}");
    let refused = commands::approve_proposal(&world.command_context, &by, &late, no_override(), OURS).await;
    assert!(matches!(refused, Err(CommandError::NotAllowed(_))), "nothing was accepted yet: {refused:?}");
    world.advance(DAY);
    world.live(30).await;
    assert_eq!(world.state(&waits).await, "completed", "it was accepted while the token was good");
    assert_eq!(world.state(&approved).await, "completed");
    let found = world.database.get(async |conn| tokens::find(conn, &token.id).await).await.unwrap();
    assert!(!found.is_good(world.now()));
    world.finish().await;
}

#[tokio::test]
async fn what_somebody_else_tried_again_goes_on() {
    let world = World::new().await;
    let token = token(&world, &shell(), None).await;
    let new = world.new_invalidation(WORKSHOP, "/a").await;
    commands::request_invalidation(&world.command_context, &of(token.actor()), &new).await.unwrap();
    world.next_create(cloudfront_sandbox::FaultKind::AccessDenied);
    world.submit().await;
    assert_eq!(world.state(&new.id).await, "failed");
    commands::revoke_token(&world.command_context, &shell(), &token.id).await.unwrap();
    commands::retry_invalidation(&world.command_context, &acting(), &new.id, no_override()).await.unwrap();
    world.live(30).await;
    assert_eq!(world.state(&new.id).await, "completed");
    world.finish().await;
}
