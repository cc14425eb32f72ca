//! What the tests stand on: databases of both engines, and a world with a clock, a CloudFront and the workers.

mod app;
mod browser;
pub mod bucket_server;
pub mod checked;
mod database;
pub mod program;
mod provider;
mod raw;
mod samples;
pub mod staging_pair;
mod world;

pub use app::{ADMIN, TestApp, options, page_of};
pub use browser::{Answer, Browser, Form, css, encoded};
pub use database::{Database, Engine, Place};
pub use provider::{CLIENT, Draft, Provider, SECRET, Signer, sign};
pub use raw::Raw;
pub use samples::{
    START, actor, all_seen, at, distribution, invalidation, items, lines, new_batch, new_invalidation,
    no_override, person, problem, seconds, uuid,
};
pub use world::{DOCS, SHOP, Setup, WORKSHOP, World, acting, ask_all, proposal_made, shell};

/// Makes two tests of each function that takes a [`Database`]: `sqlite::name` and `postgres::name`. The second one is
/// ignored, so that a run without a server lists it as skipped.
macro_rules! on_each_engine {
    ($($test:ident),* $(,)?) => {
        mod sqlite {
            use crate::support::{Database, Engine};
            $(#[tokio::test]
            async fn $test() {
                let database = Database::new(Engine::Sqlite).await;
                super::$test(&database).await;
                database.remove().await;
            })*
        }
        mod postgres {
            use crate::support::{Database, Engine};
            $(#[tokio::test]
            #[ignore = "needs PostgreSQL: scripts/with-postgres"]
            async fn $test() {
                let database = Database::new(Engine::Postgres).await;
                super::$test(&database).await;
                database.remove().await;
            })*
        }
    };
}
pub(crate) use on_each_engine;

/// The same for functions that take a place where no database is yet, and its engine.
macro_rules! on_each_engine_bare {
    ($($test:ident),* $(,)?) => {
        mod sqlite {
            use crate::support::{Engine, Place};
            $(#[tokio::test]
            async fn $test() {
                let place = Place::new(Engine::Sqlite).await;
                super::$test(&place, Engine::Sqlite).await;
            })*
        }
        mod postgres {
            use crate::support::{Engine, Place};
            $(#[tokio::test]
            #[ignore = "needs PostgreSQL: scripts/with-postgres"]
            async fn $test() {
                let place = Place::new(Engine::Postgres).await;
                super::$test(&place, Engine::Postgres).await;
                place.remove().await;
            })*
        }
    };
}
pub(crate) use on_each_engine_bare;
