//! The state file: what a restarted sandbox still knows.

use std::fs::OpenOptions;
use std::io::Write as _;

use cloudfront_sandbox::{Config, Sandbox};
use tempfile::TempDir;

use crate::support::{COMPLETE_AFTER, WORKSHOP, World, config};

async fn start(folder: TempDir) -> World {
    let journal = Some(folder.path().join("state/journal.jsonl"));
    let config = Config { journal, ..config(&folder) };
    World { sandbox: Sandbox::start(config).await.unwrap(), folder }
}

async fn restart(world: World) -> World {
    world.sandbox.stop().await;
    start(world.folder).await
}

#[tokio::test]
async fn invalidations_and_calls_outlive_the_process() {
    let world = start(tempfile::tempdir().unwrap()).await;
    let first = world.create(WORKSHOP, "r", &["/a"]).await;
    let known = (world.sandbox.invalidations(WORKSHOP), world.sandbox.calls());
    let world = restart(world).await;
    assert_eq!((world.sandbox.invalidations(WORKSHOP), world.sandbox.calls()), known);
    let again = world.create(WORKSHOP, "r", &["/a"]).await;
    assert_eq!(again.body, first.body);
    assert_eq!(world.sandbox.calls()[1].n, 2);
    world.advance(COMPLETE_AFTER);
    let completed = world.create(WORKSHOP, "r", &["/a"]).await;
    assert_eq!(completed.text("Status"), "Completed");
}

#[tokio::test]
async fn cleared_calls_stay_cleared_and_keep_counting() {
    let world = start(tempfile::tempdir().unwrap()).await;
    world.create(WORKSHOP, "r", &["/a"]).await;
    world.sandbox.clear_calls();
    world.create(WORKSHOP, "s", &["/a"]).await;
    let world = restart(world).await;
    assert_eq!(world.sandbox.calls().iter().map(|call| call.n).collect::<Vec<_>>(), [2]);
    assert_eq!(world.sandbox.invalidations(WORKSHOP).len(), 2);
}

#[tokio::test]
async fn a_line_that_was_cut_short_spoils_nothing_else() {
    let world = start(tempfile::tempdir().unwrap()).await;
    world.create(WORKSHOP, "r", &["/a"]).await;
    let path = world.folder.path().join("state/journal.jsonl");
    OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{\"invalidation\":{\"id\":\"I").unwrap();
    let world = restart(world).await;
    world.create(WORKSHOP, "s", &["/b"]).await;
    let world = restart(world).await;
    let references = world.sandbox.invalidations(WORKSHOP).into_iter().map(|known| known.caller_reference);
    assert_eq!(references.collect::<Vec<_>>(), ["r", "s"]);
}

#[tokio::test]
async fn files_that_exist_are_left_as_they_are() {
    let world = start(tempfile::tempdir().unwrap()).await;
    world.write(WORKSHOP, "index.html", "mine");
    std::fs::remove_file(world.file(WORKSHOP, "styles.css")).unwrap();
    let world = restart(world).await;
    assert_eq!(world.view(WORKSHOP, "/").await.body, "mine");
    assert_eq!(world.view(WORKSHOP, "/styles.css").await.status, 403);
}
