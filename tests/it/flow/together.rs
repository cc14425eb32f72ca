//! Requests that come at one time share a commit: each still gets its own answer.

use futures_util::future::join_all;
use unstale::{
    commands::{self, CommandContext, CommandError, Requested},
    domain::{
        access::Role,
        actor::Actor,
        distributions::protection::Protection,
        id::DistributionId,
        invalidations::{idempotency::IdempotentAnswer, invalidation::NewInvalidation},
    },
    notify::Notifier,
    store::{distributions::protections, sign_in::people},
};

use crate::support::{SHOP, WORKSHOP, World, acting, person, seconds};

/// All at one time, while the first of them waits for whoever writes.
async fn all(
    world: &World,
    desks: &[&CommandContext],
    new: &[NewInvalidation],
) -> Vec<Result<Requested, CommandError>> {
    let held = world.database.begin().await;
    let by = acting();
    let turn = |(number, new)| commands::request_invalidation(desks[number % desks.len()], &by, new);
    let asked = join_all(new.iter().enumerate().map(turn));
    let let_go = async {
        tokio::task::yield_now().await;
        drop(held);
    };
    tokio::join!(asked, let_go).0
}

async fn requests(world: &World, count: usize) -> Vec<NewInvalidation> {
    let mut new = Vec::new();
    for number in 0..count {
        let distribution = if number % 2 == 0 { WORKSHOP } else { SHOP };
        new.push(world.new_invalidation(distribution, &format!("/{number}")).await);
    }
    new
}

#[tokio::test]
async fn a_hundred_at_once_are_all_there_once() {
    let world = World::new().await;
    let new = requests(&world, 100).await;
    let answers = all(&world, &[&world.command_context], &new).await;
    for (new, answer) in new.iter().zip(answers) {
        assert_eq!(answer.unwrap(), Requested::New(new.id.clone(), world.now()));
        assert_eq!(world.events(&new.id).await, ["invalidation.requested"]);
    }
    world.live(600).await;
    assert_eq!(world.items_taken_once(), 100);
    world.finish().await;
}

#[tokio::test]
async fn each_gets_its_own_answer() {
    let world = World::new().await;
    let mut new = requests(&world, 8).await;
    new[3].request_key = new[1].request_key.clone();
    new[5] = new[2].clone();
    let answers = all(&world, &[&world.command_context], &new).await;
    let answers: Vec<Requested> = answers.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers[3], Requested::KeyUsedForAnother);
    assert_eq!(answers[5], Requested::Before(IdempotentAnswer::Accepted(new[2].id.clone()), world.now()));
    for number in [0, 1, 2, 4, 6, 7] {
        assert_eq!(answers[number], Requested::New(new[number].id.clone(), world.now()));
    }
    assert_eq!(world.recent().await.len(), 6);
    world.live(60).await;
    assert_eq!(world.items_taken_once(), 6);
    world.finish().await;
}

#[tokio::test]
async fn a_repeat_is_held_back_beside_its_first() {
    let world = World::new().await;
    let cool = Protection { cool_down: seconds(30), ..Protection::none(DistributionId::from_trusted(SHOP)) };
    world.database.write(async |tx| protections::set(tx, &cool).await).await;
    let mut new = requests(&world, 6).await;
    new[5] = world.new_invalidation(SHOP, "/3").await;
    let answers: Vec<_> =
        all(&world, &[&world.command_context], &new).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers[5], Requested::HeldBack(new[3].id.clone()));
    for number in 0..5 {
        assert_eq!(answers[number], Requested::New(new[number].id.clone(), world.now()));
    }
    world.finish().await;
}

#[tokio::test]
async fn one_who_may_not_does_not_stop_the_others_and_is_in_the_history() {
    let world = World::new().await;
    let eve = person("eve@example.com", Role::Viewer);
    world.database.write(async |tx| people::insert(tx, &eve, "no password").await).await;
    let mut by_eve = acting();
    by_eve.actor = Actor::person(&eve.id, &eve.email);
    let (new, by) = (requests(&world, 3).await, acting());
    let before = world.head().await;
    let held = world.database.begin().await;
    let ask = |by, new| commands::request_invalidation(&world.command_context, by, new);
    let let_go = async { drop(held) };
    let (first, refused, last, ()) =
        tokio::join!(ask(&by, &new[0]), ask(&by_eve, &new[1]), ask(&by, &new[2]), let_go);
    assert!(matches!(refused, Err(CommandError::NotAllowed(_))), "{refused:?}");
    assert_eq!(first.unwrap(), Requested::New(new[0].id.clone(), world.now()));
    assert_eq!(last.unwrap(), Requested::New(new[2].id.clone(), world.now()));
    assert_eq!(world.head().await, before + 3, "one event each");
    world.live(60).await;
    world.finish().await;
}

#[tokio::test]
async fn whoever_leaves_the_line_changes_nothing_for_the_others() {
    let world = World::new().await;
    let new = requests(&world, 6).await;
    let (by, held) = (acting(), world.database.begin().await);
    let mut line: Vec<_> = new
        .iter()
        .map(|new| Box::pin(commands::request_invalidation(&world.command_context, &by, new)))
        .collect();
    for asked in &mut line {
        assert!(futures_util::poll!(asked).is_pending());
    }
    // The first and the third close their browsers.
    drop(line.remove(2));
    drop(line.remove(0));
    drop(held);
    for answer in join_all(line).await {
        assert!(matches!(answer, Ok(Requested::New(..))), "{answer:?}");
    }
    assert_eq!(world.recent().await.len(), 6, "what was handed in is carried out");
    world.live(60).await;
    assert_eq!(world.items_taken_once(), 6);
    world.finish().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres"]
async fn replicas_take_each_key_once() {
    let world = World::on_postgres().await;
    let other = CommandContext::new(
        world.command_context.db.clone(),
        world.command_context.clock.clone(),
        Notifier::new(),
    );
    let mut new = Vec::new();
    for one in requests(&world, 20).await {
        new.extend([one.clone(), one]);
    }
    let by = acting();
    let desks = [&world.command_context, &other];
    let asked = new.iter().enumerate().map(|(n, new)| commands::request_invalidation(desks[n % 2], &by, new));
    let answers: Vec<Requested> = join_all(asked).await.into_iter().map(Result::unwrap).collect();
    for (pair, asked) in answers.chunks(2).zip(new.chunks(2)) {
        let id = &asked[0].id;
        let once = [
            Requested::New(id.clone(), world.now()),
            Requested::Before(IdempotentAnswer::Accepted(id.clone()), world.now()),
        ];
        assert!(pair == once || pair == [once[1].clone(), once[0].clone()], "{pair:?}");
    }
    assert_eq!(world.recent().await.len(), 20);
    world.live(120).await;
    assert_eq!(world.items_taken_once(), 20);
    world.finish().await;
}
