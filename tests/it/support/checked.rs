//! What a test of checks does with the workshop's site.

use std::{
    fs,
    time::{Duration, UNIX_EPOCH},
};

use unstale::{
    domain::{
        checks::{CheckRun, CheckSettings},
        id::{DistributionId, InvalidationId},
        time::Timestamp,
    },
    store::checks,
};

use super::{WORKSHOP, World};

/// Puts a file into the folder of the workshop's site.
pub fn publish(world: &World, path: &str, text: &str) {
    let folder = world.sandbox.origin_of(WORKSHOP).unwrap();
    fs::write(folder.join(path), text).unwrap();
}

/// Gives a file of it this moment of its last change. One that is not there is made.
pub fn publish_at(world: &World, path: &str, at: Timestamp) {
    let file = world.sandbox.origin_of(WORKSHOP).unwrap().join(path);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    let file = fs::File::options().append(true).create(true).open(file).unwrap();
    file.set_modified(UNIX_EPOCH + Duration::from_micros(at.as_micros().try_into().unwrap())).unwrap();
}

/// The files that the site began with are older than every invalidation.
pub fn age_files(world: &World) {
    for path in ["index.html", "styles.css", "scripts.js"] {
        publish_at(world, path, world.now().minus(Duration::from_hours(24)));
    }
}

/// Takes a file out of it.
pub fn unpublish(world: &World, path: &str) {
    let folder = world.sandbox.origin_of(WORKSHOP).unwrap();
    fs::remove_file(folder.join(path)).unwrap();
}

pub async fn check_run(world: &World, id: &InvalidationId) -> CheckRun {
    world.database.get(async |conn| checks::of_invalidation(conn, id).await).await.unwrap()
}

pub async fn set_checks(world: &World, settings: &CheckSettings) {
    let id = DistributionId::parse(WORKSHOP).unwrap();
    world.database.write(async |tx| checks::settings::set(tx, &id, settings).await).await;
}

/// Lets viewers get the page so that the edge has it, and half a minute pass.
pub async fn cached(world: &World, path: &str) {
    world.view(WORKSHOP, path).await;
    world.advance(Duration::from_secs(30));
}

/// Asks for these items, looks before, changes the site, lets CloudFront complete it, and looks after.
pub async fn invalidate_and_check(world: &World, typed: &str, change: impl FnOnce()) -> InvalidationId {
    world.check().await;
    let id = world.request(typed).await;
    world.check().await;
    change();
    complete_and_check(world, &id).await;
    id
}

/// Lets CloudFront complete it, and looks after.
pub async fn complete_and_check(world: &World, id: &InvalidationId) {
    world.submit().await;
    world.advance(Duration::from_secs(25));
    world.poll().await;
    assert_eq!(world.state(id).await, "completed");
    // A look begins after the poller saw it: our clock stands still meanwhile.
    world.advance(Duration::from_secs(1));
    world.check().await;
}
