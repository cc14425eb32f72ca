//! No read does more work because the tables grew: each public one is measured at two sizes.

mod complete;
pub mod filled;
mod history;
mod insights;
mod invalidations;
mod others;

use unstale::{
    domain::access::{Access, Granted, Role, Scope, grant_scope::GrantScope},
    store::{Db, Tx},
};

use super::given::id;
use crate::support::{Database, Engine, all_seen};

/// A table of the second size has forty times as many rows.
const SIZES: [i64; 2] = [200, 8_000];
/// A deeper index and a plan that fits a larger table cost a little more.
const FACTOR: u64 = 2;
const ALLOWANCE: u64 = 400;

/// Reads that walk a table by their nature, and why that is right.
const WALKS: &[(&str, &str)] = &[
    ("people::list(", "it returns everybody"),
    ("people::page(conn, \"p10\",", "a part of an address may stand in anybody's"),
    ("people::count(", "a part of an address may stand in anybody's"),
    ("people::with_password(", "it returns everybody who has one"),
    ("password_links::invited(", "it returns everybody who has one"),
    ("second_steps::people(", "it returns everybody who has one"),
    ("audit::unstated_invalidation(", "the check of the whole history holds every row against it"),
    ("audit::unstated_proposal(", "the check of the whole history holds every row against it"),
    (
        "audit::search(conn, &path,",
        "nearly all events touch the path: up to 40,000 are held against what may be seen",
    ),
    ("audit::search_invalidations(conn, access, &touching,", "it searches the events for the same path"),
    ("audit::search_invalidations(conn, access, &with_words,", "it searches the events for the same word"),
    (
        "audit::search_invalidations(conn, access, &by_none,",
        "whoever is restricted has up to 2,000 rows looked at, and only rows that they see: an index by name has others",
    ),
    ("audit::search_invalidations(conn, access, &from_outside,", "the same: up to 2,000 rows that they see"),
    (
        "audit::search_invalidations(conn, access, &problem,",
        "what CloudFront refused and what the checks saw stand in two tables: up to 2,000 rows are looked at",
    ),
    (
        "audit::search(conn, &words,",
        "PostgreSQL takes the word for one that most events have, and reads them backwards",
    ),
];

/// How much work each read was, by how it is called.
type Measured = Vec<(String, u64)>;

/// Measures reads one after the other.
macro_rules! measure {
    ($measured:ident, $tx:ident, |$conn:ident| $($read:expr),* $(,)?) => {
        $({
            let (_, work) = unstale::store::work::of($tx, async |$conn| $read.await).await.unwrap();
            $measured.push((stringify!($read).to_owned(), work));
        })*
    };
}
use measure;

/// Whoever has a grant for one distribution.
fn only(distribution: &str) -> Access {
    let grant = Granted { distributions: [id(distribution)].into(), scope: GrantScope::whole() };
    Access::new(Role::Viewer, Scope::Only(vec![grant]))
}

/// Measures all reads, those that depend on what somebody sees for each who sees something else.
async fn measure_all(tx: &mut Tx, size: i64) -> Measured {
    let mut all = others::measure_others(tx).await;
    all.extend(invalidations::measure_rows(tx, size).await);
    all.extend(history::measure_events(tx, size).await);
    all.extend(insights::measure_sums(tx).await);
    let readers = [
        ("all", all_seen()),
        ("often", only(filled::OFTEN)),
        ("rare", only(filled::RARE)),
        ("nothing", Access::new(Role::Viewer, Scope::Only(Vec::new()))),
    ];
    for (who, access) in readers {
        let mut seen = invalidations::measure_lists(tx, &access).await;
        seen.extend(history::measure_lists(tx, &access).await);
        all.extend(seen.into_iter().map(|(read, work)| (format!("{read} for {who}"), work)));
    }
    all
}

async fn measured(engine: Engine, size: i64) -> Measured {
    let database = Database::new(engine).await;
    filled::fill(&database, size).await;
    if engine == Engine::Postgres {
        // It would rather read all of a table of some hundred pages than an index that serves. Only that is the question.
        let prefer = "DO $$ BEGIN
             EXECUTE format('ALTER DATABASE %I SET enable_seqscan = off', current_database()); END $$";
        database.raw().await.run(prefer).await.unwrap();
    }
    let db = Db::open(&database.place.address()).await.unwrap();
    let mut tx = db.begin().await.unwrap();
    let measured = measure_all(&mut tx, size).await;
    drop(tx);
    db.close().await;
    database.remove().await;
    measured
}

async fn no_read_grows_with_the_tables(engine: Engine) {
    let [few, many] = [measured(engine, SIZES[0]).await, measured(engine, SIZES[1]).await];
    let mut found = Vec::new();
    for ((read, few), (same, many)) in few.into_iter().zip(many) {
        assert_eq!(read, same);
        let walks = WALKS.iter().any(|(name, _)| read.starts_with(name));
        if many > FACTOR * few + ALLOWANCE && !walks {
            found.push(format!("{read}: {few} at {} rows, {many} at {}", SIZES[0], SIZES[1]));
        }
    }
    assert!(found.is_empty(), "these reads do more the larger the tables are:\n{}", found.join("\n"));
}

#[tokio::test]
async fn no_read_grows_with_the_tables_on_sqlite() {
    no_read_grows_with_the_tables(Engine::Sqlite).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres"]
async fn no_read_grows_with_the_tables_on_postgres() {
    no_read_grows_with_the_tables(Engine::Postgres).await;
}
