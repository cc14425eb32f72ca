//! The program ends while it merges what waits, and while it takes apart what CloudFront refused.

use std::collections::BTreeMap;

use unstale::{
    clock::Clock,
    commands::{self, CommandContext, Requested},
    domain::actor::{Acting, Actor, Origin},
    notify::Notifier,
    store::{
        Db,
        invalidations::{self, batches},
        sign_in::people,
    },
};

use super::program::{Person, Program};
use crate::support::{WORKSHOP, all_seen, items, new_invalidation};

/// Writes what several people ask for while the program is not there, so that it waits together.
async fn wait_together(program: &Program, wanted: &[&[String]]) {
    let db = Db::open(&program.database).await.unwrap();
    let person = people::list(&mut db.read().await.unwrap()).await.unwrap().remove(0);
    let by = Acting { actor: Actor::person(&person.id, &person.email), origin: Origin::default() };
    let context = CommandContext::new(db.clone(), Clock::system(), Notifier::new());
    for texts in wanted {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let new = new_invalidation(WORKSHOP, vec![items(&texts)]);
        let answer = commands::request_invalidation(&context, &by, &new).await.unwrap();
        assert!(matches!(&answer, Requested::New(id, _) if *id == new.id), "{answer:?}");
    }
    db.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ended_while_requests_are_merged_and_taken_apart() {
    let mut program = Program::new().await;
    program.sandbox.change_settings(|settings| settings.refuse_paths_with = Some("no-such".to_owned()));
    program.start(None).await;
    Person::signed_in(&program).await;
    program.kill();
    let mut wanted = BTreeMap::new();
    let steps = [
        ("merging", false),
        ("claimed", false),
        ("answered", false),
        ("settling", false),
        ("settled", false),
        ("polled", false),
        ("separating", true),
        ("settling", true),
    ];
    for (number, (step, refused)) in steps.into_iter().enumerate() {
        let path = |name: &str| format!("/{number}/{name}");
        let odd = if refused { path("no-such") } else { path("odd") };
        let three = [
            vec![path("a"), path("shared")],
            vec![path("shared"), odd.clone()],
            vec![path("c"), path("shared")],
        ];
        wait_together(&program, &[&three[0], &three[1], &three[2]]).await;
        program.start(Some(step)).await;
        assert!(program.ended_by_itself().await, "it was not ended at {step}");
        program.start(None).await;
        program.until_all_have_ended().await;
        program.kill();
        wanted.extend(["a", "c"].map(|name| (path(name), 1)));
        // Where the call was refused, each request goes by itself.
        wanted.insert(path("shared"), if refused { 3 } else { 1 });
        if !refused {
            wanted.insert(odd, 1);
        }
    }
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    for item in program.sandbox.invalidations(WORKSHOP).into_iter().flat_map(|one| one.items) {
        *taken.entry(item).or_default() += 1;
    }
    assert_eq!(taken, wanted, "nothing is lost or sent twice");
    each_has_its_own_end(&program).await;
}

async fn each_has_its_own_end(program: &Program) {
    let db = Db::open(&program.database).await.unwrap();
    let mut conn = db.read().await.unwrap();
    let all = invalidations::recent(&mut conn, &all_seen(), 100).await.unwrap();
    assert_eq!(all.len(), 8 * 3);
    for one in all {
        let batches = batches::of_invalidation(&mut conn, &one.id).await.unwrap();
        let refused =
            batches.iter().flat_map(|batch| &batch.items).any(|item| item.as_str().contains("no-such"));
        assert_eq!(one.state.as_str(), if refused { "failed" } else { "completed" }, "{batches:?}");
    }
}
