//! Who may act is asked inside the transaction: of people, of tokens, and of who is behind a token.

use std::time::Duration;

use unstale::{
    commands::{self, CommandError, ExternalRules, NewToken, SecondStepPassed, SignIn, SignInRefusal},
    domain::{
        access::Role,
        actor::{Acting, Actor, Origin},
        checks::ExpectedContent,
        id::{DistributionId, ProposalId, RequestKey, TokenId},
        invalidations::{
            batching::OURS,
            proposal::{LIFE, Proposal, ProposalState},
        },
        secret::Secret,
        sign_in::{
            claims::{Asserted, RoleRules},
            person::{Email, Person},
            second_step::TotpSecret,
        },
        tokens::token::TokenSecret,
    },
    store::{
        Conn,
        access::{self, grants, groups},
        invalidations::proposals,
        sign_in::{pending_second_factors, people, second_steps},
        tokens,
    },
};

use crate::support::{World, acting, items, no_override, person, proposal_made, shell};

const EMAIL: &str = "grace@example.com";
const PASSWORD: &str = "seven purple llamas knit";

async fn add(world: &World, email: &str, role: Role) -> Person {
    let person = person(email, role);
    world.database.write(async |tx| people::insert(tx, &person, "x").await).await;
    person
}

fn as_person(person: &Person) -> Acting {
    Acting { actor: Actor::person(&person.id, &person.email), origin: acting().origin }
}

#[expect(clippy::needless_pass_by_value, reason = "what a command gave is looked at once")]
fn is_refused<T>(done: Result<T, CommandError>) -> bool {
    matches!(done, Err(CommandError::NotAllowed(_)))
}

#[tokio::test]
async fn who_is_no_administrator_any_more_manages_nobody() {
    let world = World::new().await;
    let boss = add(&world, "boss@example.com", Role::Admin).await;
    let grace = add(&world, EMAIL, Role::Viewer).await;
    add(&world, "other@example.com", Role::Admin).await;
    let by = as_person(&boss);
    commands::change_role(&world.command_context, &shell(), &boss.id, Role::Operator).await.unwrap();
    let (command_context, id, new) =
        (&world.command_context, &grace.id, Email::parse("new@example.com").unwrap());
    let head = world.head().await;
    assert!(is_refused(commands::change_role(command_context, &by, id, Role::Admin).await));
    assert!(is_refused(commands::change_role(command_context, &by, &boss.id, Role::Admin).await));
    assert!(is_refused(commands::disable_person(command_context, &by, id).await));
    assert!(is_refused(commands::enable_person(command_context, &by, id).await));
    assert!(is_refused(commands::invite_person(command_context, &by, &new, Role::Admin).await));
    assert!(is_refused(commands::reset_password_with_link(command_context, &by, id).await));
    assert!(is_refused(
        commands::reset_password(command_context, &by, &Email::parse(EMAIL).unwrap(), PASSWORD).await
    ));
    assert!(is_refused(commands::end_sessions(command_context, &by, &grace, None).await));
    assert!(is_refused(
        commands::end_other_session(command_context, &by, &grace, &Secret::from_random([1; 32]).hash()).await
    ));
    assert!(is_refused(commands::take_second_step_away(command_context, &by, id, None).await));
    assert_eq!(world.events_after(head).await, ["act.refused"; 10]);
    // One's own account is one's own.
    assert_eq!(commands::end_sessions(command_context, &by, &boss, None).await.unwrap(), 0);
    world.finish().await;
}

async fn half(world: &World) -> Secret {
    let email = Email::parse(EMAIL).unwrap();
    let begun =
        commands::sign_in(&world.command_context, &Origin::default(), &email, PASSWORD, true).await.unwrap();
    let SignIn::CodeAsked(secret) = begun else { panic!("{begun:?}") };
    secret
}

async fn offered(world: &World, half: &Secret) -> Option<TotpSecret> {
    let now = world.now();
    let found =
        world.database.get(async |conn| pending_second_factors::find(conn, &half.hash(), now).await).await;
    found.expect("it is over").offered
}

#[tokio::test]
async fn an_offered_secret_is_of_one_sign_in_and_ends_with_the_password() {
    let world = World::new().await;
    let email = Email::parse(EMAIL).unwrap();
    let grace =
        commands::add_person(&world.command_context, &shell(), &email, Role::Viewer, PASSWORD).await.unwrap();
    let (strangers, own) = (half(&world).await, half(&world).await);
    let secret = offered(&world, &own).await.unwrap();
    assert_ne!(offered(&world, &strangers).await.unwrap().reveal(), secret.reveal());
    let code = secret.code(world.now()).unwrap();
    let pass = async |half: &Secret| {
        commands::pass_second_step(&world.command_context, &Origin::default(), half, &code).await.unwrap()
    };
    assert!(matches!(pass(&strangers).await, SecondStepPassed::Wrong), "it is another's");
    let found = async || world.database.get(async |conn| second_steps::find(conn, &grace.id).await).await;
    assert_eq!(found().await, None, "a wrong code leaves nothing");
    commands::reset_password(&world.command_context, &shell(), &email, PASSWORD).await.unwrap();
    assert!(matches!(pass(&own).await, SecondStepPassed::Over));
    let own_again = half(&world).await;
    let code = offered(&world, &own_again).await.unwrap().code(world.now()).unwrap();
    let done = commands::pass_second_step(&world.command_context, &Origin::default(), &own_again, &code)
        .await
        .unwrap();
    assert!(matches!(done, SecondStepPassed::Done(_, Some(_))), "{done:?}");
    // What is on stays on, and nothing is offered beside it.
    commands::reset_password(&world.command_context, &shell(), &email, PASSWORD).await.unwrap();
    assert!(found().await.is_some());
    assert_eq!(offered(&world, &half(&world).await).await, None);
    world.finish().await;
}

async fn token(world: &World, by: &Acting, life: Option<Duration>) -> (TokenId, TokenSecret) {
    let new = NewToken {
        name: format!("token-{}", unstale::commands::new_uuid()),
        role: Role::Operator,
        life,
        distributions: vec![DistributionId::from_trusted(crate::support::SHOP)],
    };
    let (token, secret) = commands::make_token(&world.command_context, by, &new).await.unwrap();
    (token.id, secret)
}

async fn is_good(world: &World, secret: &TokenSecret) -> bool {
    commands::authenticate_token(&world.command_context, Origin::default(), secret).await.unwrap().is_some()
}

#[tokio::test]
async fn a_token_is_good_no_longer_than_who_made_it() {
    let world = World::new().await;
    let boss = add(&world, "boss@example.com", Role::Admin).await;
    add(&world, "other@example.com", Role::Admin).await;
    let (_, of_boss) = token(&world, &as_person(&boss), None).await;
    let (_, of_shell) = token(&world, &shell(), None).await;
    let (_, short) = token(&world, &shell(), Some(Duration::from_hours(24))).await;
    let bearer = commands::authenticate_token(&world.command_context, Origin::default(), &short)
        .await
        .unwrap()
        .unwrap()
        .1;
    let refresh = async || commands::refresh_distributions(&world.command_context, &bearer).await;
    refresh().await.unwrap();
    assert!(is_good(&world, &of_boss).await && is_good(&world, &of_shell).await);
    commands::disable_person(&world.command_context, &shell(), &boss.id).await.unwrap();
    assert!(!is_good(&world, &of_boss).await);
    assert!(is_good(&world, &of_shell).await);
    commands::enable_person(&world.command_context, &shell(), &boss.id).await.unwrap();
    assert!(is_good(&world, &of_boss).await);
    // Over between its coming and the transaction.
    world.advance(Duration::from_hours(25));
    assert!(refresh().await.is_err());
    world.finish().await;
}

#[tokio::test]
async fn what_a_token_asks_for_is_approved_by_somebody_else_for_certain() {
    let world = World::new().await;
    let distribution = DistributionId::from_trusted(crate::support::SHOP);
    let admin = add(&world, "boss@example.com", Role::Admin).await;
    let operator = add(&world, EMAIL, Role::Operator).await;
    let (of_shell, _) = token(&world, &shell(), Some(Duration::from_hours(2))).await;
    let (of_admin, _) = token(&world, &as_person(&admin), None).await;
    let propose = async |token: &TokenId, behind: &str| {
        let asked_by = Actor::Token { id: token.clone(), name: "ci".to_owned() };
        let proposal = Proposal {
            id: ProposalId::new(commands::new_uuid()),
            request_key: RequestKey::new(commands::new_uuid()),
            distribution: distribution.clone(),
            asked_by,
            behind: behind.to_owned(),
            reason: String::new(),
            expected: ExpectedContent::NewVersion,
            warm: false,
            items: items(&["/a"]),
            first_item: items(&["/a"]).remove(0),
            asked_at: world.now(),
            expires_at: world.now().plus(LIFE),
            state: ProposalState::Waiting,
            decided_by: None,
            decided_at: None,
            word: String::new(),
            invalidation: None,
        };
        world.database.write(async |tx| proposals::insert(tx, &proposal).await).await;
        world.database.append(proposal_made(&proposal)).await;
        proposal.id
    };
    let approve = async |by: &Person, id: &ProposalId| {
        commands::approve_proposal(&world.command_context, &as_person(by), id, no_override(), OURS).await
    };
    let [shells, admins, late] = [
        propose(&of_shell, "").await,
        propose(&of_admin, admin.id.as_str()).await,
        propose(&of_shell, "").await,
    ];
    assert!(is_refused(approve(&admin, &admins).await), "it is their own token");
    approve(&operator, &admins).await.unwrap();
    assert!(is_refused(approve(&operator, &shells).await), "it may be their own token");
    approve(&admin, &shells).await.unwrap();
    world.advance(Duration::from_hours(3));
    assert!(is_refused(approve(&admin, &late).await), "the token is over");
    world.finish().await;
}

#[tokio::test]
async fn a_token_without_its_last_grant_is_good_for_nothing() {
    let world = World::new().await;
    let (id, _) = token(&world, &shell(), None).await;
    let may = async || {
        let find = async |conn: &mut Conn| {
            let token = tokens::find(conn, &id).await?.unwrap();
            access::of_token(conn, &token).await
        };
        world.database.get(find).await.unwrap()
    };
    assert!(may().await.distributions().is_some_and(|those| !those.is_empty()));
    let all = world.database.get(async |conn| grants::list(conn, 10).await).await;
    let grant = &all[0].id;
    let remove =
        async || commands::remove_grant(&world.command_context, &shell(), grant, |_| String::new()).await;
    let head = world.head().await;
    remove().await.unwrap();
    assert_eq!(world.events_after(head).await, ["grant.removed"]);
    assert_eq!(may().await.distributions(), Some([].into()), "nothing granted is nothing");
    assert!(matches!(remove().await, Err(CommandError::NotFound)));
    world.finish().await;
}

#[tokio::test]
async fn groups_that_are_not_told_stay_and_too_many_are_refused() {
    let world = World::new().await;
    let roles = RoleRules { default: Some(Role::Operator), ..RoleRules::default() };
    let rules = ExternalRules { sign_up: true, link_by_email: false, roles };
    let sign_in_by_proxy = async |told: Option<Vec<String>>| {
        let who = Asserted {
            issuer: "https://idp.example".to_owned(),
            subject: "s".to_owned(),
            email: Some(EMAIL.to_owned()),
            email_verified: None,
            role_values: Vec::new(),
            groups: told,
        };
        commands::sign_in_by_proxy(&world.command_context, &Origin::default(), &who, &rules).await.unwrap()
    };
    let names = |count: usize| (0..count).map(|n| format!("g{n:03}")).collect::<Vec<_>>();
    let person = sign_in_by_proxy(Some(names(200))).await.unwrap();
    let kept = async || world.database.get(async |conn| groups::provided(conn, &person.id).await).await;
    assert_eq!(kept().await, names(200));
    sign_in_by_proxy(None).await.unwrap();
    assert_eq!(kept().await, names(200), "silence empties nothing");
    let head = world.head().await;
    assert_eq!(sign_in_by_proxy(Some(names(201))).await, Err(SignInRefusal::TooManyGroups));
    assert_eq!((kept().await, world.events_after(head).await.len()), (names(200), 0));
    sign_in_by_proxy(Some(Vec::new())).await.unwrap();
    assert_eq!(kept().await, names(0), "that there are none may be told");
    world.finish().await;
}
