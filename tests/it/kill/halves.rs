//! The program ends while it replaces a refused batch by two halves.

use std::collections::BTreeMap;

use unstale::store::{
    Db,
    invalidations::{self, batches},
};

use super::program::{Person, Program};
use crate::support::{WORKSHOP, all_seen};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ended_while_a_refused_batch_is_cut_in_two() {
    let mut program = Program::new().await;
    program.sandbox.change_settings(|settings| settings.refuse_paths_with = Some("no-such".to_owned()));
    program.start(None).await;
    let person = Person::signed_in(&program).await;
    program.kill();
    let mut wanted = BTreeMap::new();
    for step in ["answered", "cutting", "settling", "settled"] {
        let path = |name: &str| format!("/{step}/{name}");
        let form = Person::form(WORKSHOP, &["a", "b", "no-such", "z"].map(path).join("\n"));
        program.start(Some(step)).await;
        let at_once = person.send(&form).await;
        assert!(program.ended_by_itself().await, "it was not ended at {step}");
        program.start(None).await;
        assert!(at_once || person.send(&form).await, "{step}");
        wanted.extend(["a", "b", "z"].map(|name| (path(name), 1)));
        program.until_all_have_ended().await;
        program.kill();
    }
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    for item in program.sandbox.invalidations(WORKSHOP).into_iter().flat_map(|one| one.items) {
        *taken.entry(item).or_default() += 1;
    }
    assert_eq!(taken, wanted, "nothing is lost or sent twice");
    let db = Db::open(&program.database).await.unwrap();
    let mut conn = db.read().await.unwrap();
    let all = invalidations::recent(&mut conn, &all_seen(), 100).await.unwrap();
    assert_eq!(all.len(), 4);
    for one in all {
        let batches = batches::of_invalidation(&mut conn, &one.id).await.unwrap();
        let cut = batches.iter().filter(|batch| batch.is_cut()).count();
        assert_eq!((batches.len(), cut), (5, 2), "{batches:?}");
        let refused: Vec<_> = batches.iter().filter_map(|batch| batch.refused_item()).collect();
        assert!(refused.len() == 1 && refused[0].as_str().ends_with("/no-such"), "{batches:?}");
    }
}
