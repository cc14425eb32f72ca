//! Freeze windows, and what they put off.

use unstale::{
    domain::{
        id::{DistributionId, FreezeId},
        invalidations::freeze_window::{FreezeScope, FreezeWindow},
    },
    store::invalidations::{batches, freezes},
};

use super::given::{distributions, id, request};
use crate::support::{Database, at, on_each_engine, uuid};

fn window(from: u64, until: u64, scope: FreezeScope) -> FreezeWindow {
    FreezeWindow {
        id: FreezeId::from_trusted(uuid()),
        name: "Sale".to_owned(),
        why: "it is \"ours\"".to_owned(),
        from: at(from),
        until: at(until),
        scope,
    }
}

async fn insert(database: &Database, new: &FreezeWindow) {
    database.write(async |tx| freezes::insert(tx, new).await).await;
}

async fn a_window_is_kept_found_by_its_time_and_removed(database: &Database) {
    let only =
        FreezeScope::Only(vec![DistributionId::from_trusted("E1"), DistributionId::from_trusted("E2")]);
    let (all, some) = (window(10, 20, FreezeScope::All), window(15, 30, only));
    insert(database, &some).await;
    insert(database, &all).await;
    let in_force = async |second| database.get(async |conn| freezes::in_force(conn, at(second)).await).await;
    assert_eq!(in_force(9).await, []);
    assert_eq!(in_force(10).await, std::slice::from_ref(&all));
    assert_eq!(in_force(19).await, [all.clone(), some.clone()]);
    assert_eq!(in_force(20).await, std::slice::from_ref(&some));
    assert_eq!(in_force(30).await, []);
    let ending = database.get(async |conn| freezes::ending_after(conn, at(20)).await).await;
    assert_eq!(ending, std::slice::from_ref(&some));
    assert_eq!(database.get(async |conn| freezes::find(conn, &some.id).await).await, Some(some.clone()));
    assert_eq!(database.get(async |conn| freezes::count(conn).await).await, 2);
    database.write(async |tx| freezes::remove_ended(tx, at(21)).await).await;
    assert_eq!(database.get(async |conn| freezes::count(conn).await).await, 1);
    let remove = async || database.write(async |tx| freezes::remove(tx, &some.id).await).await;
    assert_eq!((remove().await, remove().await), (true, false));
}

async fn what_was_overridden_reads_back(database: &Database) {
    distributions(database, &["E1"]).await;
    let new = request(database, "E1", 1, &[&["/*"]]).await;
    let read = async || database.get(async |conn| freezes::overridden(conn, &new.id).await).await;
    assert_eq!(read().await, []);
    let ids = [FreezeId::from_trusted(uuid()), FreezeId::from_trusted(uuid())];
    database.write(async |tx| freezes::set_overridden(tx, &new.id, &ids).await).await;
    assert_eq!(read().await, ids);
}

async fn what_waits_for_a_chosen_time_is_put_off_and_let_go(database: &Database) {
    distributions(database, &["E1"]).await;
    let now = request(database, "E1", 1, &[&["/now"]]).await;
    let later = request(database, "E1", 2, &[&["/*"], &["/b"]]).await;
    let due =
        format!("UPDATE batch SET due_at = {} WHERE invalidation_id = '{}'", at(50).as_micros(), later.id);
    database.raw().await.run(&due).await.unwrap();
    let waiting = async || database.get(async |conn| freezes::waiting(conn, 10).await).await;
    let one = waiting().await.pop().unwrap();
    assert_eq!((&one.invalidation, &one.distribution), (&later.id, &id("E1")));
    assert_eq!((one.chosen, one.put_off_until), (at(50), None));
    assert_eq!(database.get(async |conn| freezes::waiting_of(conn, &now.id).await).await, None);
    let put_off =
        async |until| database.write(async |tx| freezes::put_off(tx, &later.id, at(until)).await).await;
    assert_eq!((put_off(60).await, put_off(60).await, put_off(70).await), (2, 0, 2));
    let one = waiting().await.pop().unwrap();
    assert_eq!((one.chosen, one.put_off_until), (at(50), Some(at(70))), "the first chosen time is kept");
    let due = async || {
        let all = database.get(async |conn| batches::of_invalidation(conn, &later.id).await).await;
        all.iter().map(|batch| batch.due_at).collect::<Vec<_>>()
    };
    let let_go = async |until| database.write(async |tx| freezes::release_until(tx, at(until)).await).await;
    assert_eq!((let_go(60).await, due().await), (0, vec![at(70), at(70)]));
    assert_eq!((let_go(70).await, due().await), (2, vec![at(50), at(50)]));
    put_off(60).await;
    database.write(async |tx| freezes::release(tx, &later.id).await).await;
    assert_eq!(due().await, [at(50), at(50)]);
}

on_each_engine!(
    a_window_is_kept_found_by_its_time_and_removed,
    what_was_overridden_reads_back,
    what_waits_for_a_chosen_time_is_put_off_and_let_go,
);
