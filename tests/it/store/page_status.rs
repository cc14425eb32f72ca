//! What every page shows around its own matter.

use unstale::{
    domain::invalidations::problem::ProblemKind,
    store::{accounts, distributions::survey, page_status},
};

use super::given::{ACCOUNT, distributions};
use crate::support::{Database, at, on_each_engine, problem};

async fn trouble_is_told_while_it_lasts(database: &Database) {
    distributions(database, &["E1"]).await;
    let expired = problem(ProblemKind::ExpiredCredentials);
    let troubled = async || database.get(async |conn| page_status::read(conn).await).await.troubled;
    assert!(!troubled().await);
    database.write(async |tx| accounts::pause(tx, ACCOUNT, &expired, at(1), at(2)).await).await;
    assert!(troubled().await, "an account rests");
    database.write(async |tx| accounts::resume(tx, ACCOUNT).await).await;
    assert!(!troubled().await);
    assert!(database.write(async |tx| survey::claim(tx, "lease", at(3), at(4)).await).await);
    database.write(async |tx| survey::fail(tx, "lease", &expired, at(3), at(4)).await).await;
    assert!(troubled().await, "the distributions cannot be read");
    assert_eq!(database.get(async |conn| page_status::read(conn).await).await.head, 0);
}

on_each_engine!(trouble_is_told_while_it_lasts);
