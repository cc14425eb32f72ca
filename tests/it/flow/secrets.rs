//! Secret headers of checks: kept encrypted, sent to the distribution's own hosts, and nothing else where they cannot be
//! read.

use std::fmt::Write as _;

use cloudfront_sandbox::View;
use unstale::{
    commands::{self, CommandError},
    domain::{
        checks::{CheckSettings, CheckSettingsError, LookHeaderProblem, NewCheckSettings, NewHeader},
        id::DistributionId,
    },
};

use super::checks::verdict;
use crate::support::{
    SHOP, WORKSHOP, World, acting,
    checked::{invalidate_and_check as invalidate, publish},
    shell,
};

const SECRET: &str = "Basic dXNlcjpzZWNyZXQ=";

pub(super) fn header(name: &str, value: &str) -> NewHeader {
    NewHeader { name: name.to_owned(), value: value.to_owned() }
}

/// Sets them as an administrator does.
pub(super) async fn set(world: &World, new: NewCheckSettings) -> Result<CheckSettings, CommandError> {
    let id = DistributionId::parse(WORKSHOP).unwrap();
    commands::set_check_settings(&world.command_context, &shell(), &id, new).await
}

fn with(headers: Vec<NewHeader>) -> NewCheckSettings {
    NewCheckSettings { headers, ..NewCheckSettings::default() }
}

/// Everything that the database and the history hold, as text.
pub(super) async fn everything(world: &World) -> String {
    let stored = "SELECT headers || secret_headers || apis FROM check_settings";
    let mut all = world.database.raw().await.texts(stored).await.concat();
    for chained in world.history().await {
        write!(all, "{chained:?}").unwrap();
    }
    all
}

fn sent(views: &[View], name: &str) -> Vec<Option<String>> {
    views.iter().map(|view| view.headers.get(name).cloned()).collect()
}

#[tokio::test]
async fn a_secret_header_is_stored_encrypted_and_sent_to_the_sites_own_hosts() {
    let mut world = World::new().await;
    world.keep_secrets(1);
    publish(&world, "news.html", "text");
    let stored = set(&world, with(vec![header("Authorization", SECRET), header("X-Preview", "1")])).await;
    let stored = stored.unwrap();
    assert_eq!(stored.headers.names().collect::<Vec<_>>(), ["X-Preview", "Authorization"]);
    let all = everything(&world).await;
    assert!(!all.contains(SECRET) && !format!("{stored:?}").contains(SECRET), "{all}");
    assert!(all.contains("Authorization"), "the history names it: {all}");

    let before = world.sandbox.views().len();
    let id = invalidate(&world, "/news.html", || {}).await;
    let views = world.sandbox.views().split_off(before);
    assert!(!views.is_empty());
    assert!(sent(&views, "authorization").iter().all(|value| value.as_deref() == Some(SECRET)), "{views:?}");
    assert!(sent(&views, "x-preview").iter().all(|value| value.as_deref() == Some("1")));
    assert_eq!(verdict(&world, &id).await, "unchanged origin_unchanged");

    // An empty value keeps it, a line that is gone forgets it.
    let kept = set(&world, with(vec![header("authorization", "")])).await.unwrap();
    assert_eq!(kept.headers.secret[0].value, stored.headers.secret[0].value);
    set(&world, with(Vec::new())).await.unwrap();
    let gone = set(&world, with(vec![header("Authorization", "")])).await;
    let Err(CommandError::CheckSettings(CheckSettingsError::Headers(LookHeaderProblem::NoValue(_)))) = gone
    else {
        panic!("{gone:?}");
    };
    world.finish().await;
}

#[tokio::test]
async fn where_a_secret_cannot_be_read_nothing_is_sent() {
    let mut world = World::new().await;
    world.keep_secrets(1);
    publish(&world, "news.html", "text");
    set(&world, with(vec![header("Authorization", SECRET)])).await.unwrap();
    // Another key from now on.
    world.keep_secrets(2);
    let before = world.sandbox.views().len();
    let id = invalidate(&world, "/news.html", || {}).await;
    assert_eq!(verdict(&world, &id).await, "unclear secret_not_read");
    assert_eq!(world.sandbox.views().len(), before);
    world.finish().await;
}

#[tokio::test]
async fn without_a_key_a_secret_header_is_refused_and_another_is_not() {
    let world = World::new().await;
    let refused = set(&world, with(vec![header("Authorization", SECRET)])).await.unwrap_err();
    let message = refused.to_string();
    assert!(message.contains("UNSTALE_SECRETS_KEY_FILE") && !message.contains(SECRET), "{message}");
    set(&world, with(vec![header("X-Preview", "1")])).await.unwrap();
    world.finish().await;
}

#[tokio::test]
async fn a_secret_goes_by_https_only() {
    let mut world = World::new().await;
    world.keep_secrets(1);
    publish(&world, "news.html", "text");
    set(&world, with(vec![header("Authorization", SECRET), header("X-Preview", "1")])).await.unwrap();
    let host = world.distribution(WORKSHOP).await.domain_name;
    let urls = ["https", "http"].map(|scheme| format!("{scheme}://{host}/news.html"));
    let workshop = DistributionId::parse(WORKSHOP).unwrap();
    commands::check_distribution(&world.command_context, &acting(), &workshop, &urls).await.unwrap();
    let before = world.sandbox.views().len();
    world.check().await;
    let views = world.sandbox.views().split_off(before);
    let (https, http): (Vec<View>, Vec<View>) =
        views.into_iter().partition(|view| view.headers.get("x-forwarded-proto").unwrap() == "https");
    assert!(!https.is_empty() && sent(&https, "authorization").iter().all(Option::is_some), "{https:?}");
    assert!(!http.is_empty() && sent(&http, "authorization").iter().all(Option::is_none), "{http:?}");
    assert!(sent(&http, "x-preview").iter().all(Option::is_some));
    world.finish().await;
}

#[tokio::test]
async fn a_secret_is_moved_to_no_other_distribution() {
    let mut world = World::new().await;
    world.keep_secrets(1);
    let stored = set(&world, with(vec![header("Authorization", SECRET)])).await.unwrap();
    let shop = DistributionId::parse(SHOP).unwrap();
    world.database.write(async |tx| unstale::store::checks::settings::set(tx, &shop, &stored).await).await;
    world.check().await;
    let before = world.sandbox.views().len();
    commands::check_distribution(&world.command_context, &acting(), &shop, &[]).await.unwrap();
    world.check().await;
    assert_eq!(world.sandbox.views().len(), before);
    world.finish().await;
}
