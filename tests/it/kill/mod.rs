//! The real program is killed, at random and at each named step, while people press Invalidate.
//!
//! What was answered 303 was accepted. In the end CloudFront has each accepted item exactly once and no item twice,
//! the database says the same, and the history is whole. `UNSTALE_KILLS` sets how often (30 in the short form).

pub mod disk;
mod halves;
mod io_error;
mod merging;
mod postgres;
mod program;
mod reckoning;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

pub use program::sandbox as stand_in;
use program::{Person, Program};
use reckoning::reckon;

use crate::{
    simulation::Rng,
    support::{Raw, WORKSHOP},
};

/// So many kills in a row: then it may come to rest, as it would between troubles.
const IN_A_ROW: u64 = 50;
/// People who press at the same time, and how long each rests: twenty requests a second.
const PEOPLE: u64 = 5;
const REST: Duration = Duration::from_millis(250);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_random_under_load() {
    let kills: u64 = std::env::var("UNSTALE_KILLS").map_or(30, |kills| kills.parse().unwrap());
    let mut rng = Rng::new(kills);
    let mut program = Program::new().await;
    program.start(None).await;
    let person = Person::signed_in(&program).await;
    let (over, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let people: Vec<_> = (0..PEOPLE)
        .map(|_| tokio::spawn(press(person.clone(), Arc::clone(&over), Arc::clone(&count))))
        .collect();
    for kill in 1..=kills {
        tokio::time::sleep(Duration::from_millis(50 + rng.below(900))).await;
        program.kill();
        program.start(None).await;
        if kill % IN_A_ROW == 0 {
            program.rest().await;
        }
    }
    over.store(true, Ordering::SeqCst);
    let mut accepted = Vec::new();
    for one in people {
        accepted.extend(one.await.unwrap());
    }
    assert!(accepted.len() as u64 >= kills, "only {} requests were accepted", accepted.len());
    reckon(&program, &accepted).await;
}

/// Presses until it is over. Whoever gets no answer presses the same form again, as a person would.
async fn press(person: Person, over: Arc<AtomicBool>, count: Arc<AtomicU64>) -> Vec<String> {
    let mut accepted = Vec::new();
    while !over.load(Ordering::SeqCst) {
        let item = format!("/n/{}", count.fetch_add(1, Ordering::SeqCst));
        let form = Person::form(WORKSHOP, &item);
        while !person.send(&form).await {
            if over.load(Ordering::SeqCst) {
                return accepted;
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        accepted.push(item);
        tokio::time::sleep(REST).await;
    }
    accepted
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ended_at_each_named_step() {
    let steps =
        ["requesting", "requested", "claimed", "answered", "settling", "settled", "polling", "polled"];
    let mut program = Program::new().await;
    program.start(None).await;
    let person = Person::signed_in(&program).await;
    program.kill();
    let mut accepted = Vec::new();
    for step in steps {
        let item = format!("/step/{step}");
        let form = Person::form(WORKSHOP, &item);
        program.start(Some(step)).await;
        let at_once = person.send(&form).await;
        assert!(program.ended_by_itself().await, "it was not ended at {step}");
        program.start(None).await;
        assert!(at_once || person.send(&form).await, "{step}");
        accepted.push(item);
        // The next step must not meet what is left of this one.
        program.until_all_have_ended().await;
        program.kill();
    }
    program.start(None).await;
    reckon(&program, &accepted).await;
}

/// The clock was put back between two lives: what the first noted for later lies a day ahead.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_after_the_clock_was_put_back_waits_for_nothing() {
    let mut program = Program::new().await;
    program.start(None).await;
    Person::signed_in(&program).await;
    program.kill();
    let mut raw = Raw::connect(&program.database).await;
    raw.run("UPDATE survey SET due_at = due_at + 86400000000").await.unwrap();
    let noted = raw.number("SELECT due_at FROM survey").await;
    program.start(None).await;
    let since = Instant::now();
    while raw.number("SELECT due_at FROM survey").await == noted {
        assert!(since.elapsed() < Duration::from_mins(1), "nobody looked at the clock");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
