//! Where the files that tools name are found on a site.

use unstale::{domain::distributions::path_mapping::PathMapping, store::distributions::path_mappings};

use super::given::{distributions, id};
use crate::support::{Database, on_each_engine};

fn mappings(pairs: &[(&str, &str)]) -> Vec<PathMapping> {
    pairs.iter().map(|(from, to)| PathMapping::parse(from, to).unwrap()).collect()
}

async fn mappings_are_replaced_and_keep_their_order(database: &Database) {
    distributions(database, &["E1", "E2"]).await;
    let of = async |name: &str| database.get(async |conn| path_mappings::of(conn, &id(name)).await).await;
    assert_eq!(of("E1").await, []);
    let (first, other) =
        (mappings(&[("dist", "/"), ("s3://b/x", "/x/"), (".", "/")]), mappings(&[("out", "/")]));
    database.write(async |tx| path_mappings::set(tx, &id("E1"), &first).await).await;
    database.write(async |tx| path_mappings::set(tx, &id("E2"), &other).await).await;
    assert_eq!(of("E1").await, first);
    let (one, two, none) = (id("E1"), id("E2"), id("E3"));
    let all = database.get(async |conn| path_mappings::of_some(conn, &[&two, &one, &none]).await).await;
    let wanted = first.iter().map(|mapping| (one.clone(), mapping.clone()));
    assert_eq!(all, wanted.chain([(two, other[0].clone())]).collect::<Vec<_>>());
    database.write(async |tx| path_mappings::set(tx, &id("E1"), &other).await).await;
    assert_eq!(of("E1").await, other);
    database.write(async |tx| path_mappings::set(tx, &id("E1"), &[]).await).await;
    assert_eq!(of("E1").await, []);
}

on_each_engine!(mappings_are_replaced_and_keep_their_order);
