//! Every time that the tables keep is on the list that says how it is read.

use std::collections::BTreeSet;

use unstale::store::times::{NUMBERS, TIMES};

use crate::support::{Database, on_each_engine};

/// Every column of whole numbers, of the tables that are ours.
async fn numbers(database: &Database) -> BTreeSet<String> {
    let mut raw = database.raw().await;
    let columns = if raw.is_postgres() {
        "SELECT table_name || '.' || column_name FROM information_schema.columns
         WHERE table_schema = 'public' AND table_name NOT LIKE '\\_sqlx%' AND table_name NOT LIKE 'audit\\_words%'
         AND data_type NOT IN ('text', 'boolean', 'tsvector')"
    } else {
        "SELECT t.name || '.' || c.name FROM sqlite_schema t JOIN pragma_table_xinfo(t.name) c
         WHERE t.type = 'table' AND t.name NOT LIKE '\\_sqlx%' ESCAPE '\\' AND t.name NOT LIKE 'sqlite%'
         AND t.name NOT LIKE 'audit\\_words%' ESCAPE '\\' AND c.type <> 'TEXT'"
    };
    raw.texts(columns).await.into_iter().collect()
}

async fn every_column_that_holds_a_time_is_on_the_list(database: &Database) {
    let times: BTreeSet<String> =
        TIMES.iter().map(|time| format!("{}.{}", time.table, time.column)).collect();
    let others: BTreeSet<String> =
        NUMBERS.iter().map(|(table, column)| format!("{table}.{column}")).collect();
    assert_eq!(times.len() + others.len(), TIMES.len() + NUMBERS.len(), "one is listed twice");
    assert!(times.is_disjoint(&others));
    let listed: BTreeSet<String> = times.union(&others).cloned().collect();
    let found = numbers(database).await;
    let unlisted: Vec<_> = found.difference(&listed).collect();
    assert_eq!(
        unlisted,
        [] as [&String; 0],
        "say in src/store/times.rs how these are read once the clock was put back"
    );
    assert!(times.iter().all(|time| found.contains(time)), "{:?}", times.difference(&found));
}

async fn the_list_would_miss_a_new_column(database: &Database) {
    database.raw().await.run("ALTER TABLE local_group ADD COLUMN moved_at INTEGER").await.unwrap();
    assert!(numbers(database).await.contains("local_group.moved_at"));
}

on_each_engine!(every_column_that_holds_a_time_is_on_the_list, the_list_would_miss_a_new_column);
