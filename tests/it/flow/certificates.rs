//! Looks over TLS: certificates that do not fit, and sites whose viewers have to show one of their own.

use cloudfront_sandbox::Distribution;

use super::checks::{configure, verdict};
use crate::support::{
    Setup, WORKSHOP, World,
    checked::{cached, check_run as run, invalidate_and_check as invalidate, publish},
};

/// A world whose edge is asked over TLS, with a page in its cache.
async fn world() -> World {
    let world = World::copied(Setup { tls: true, ..Setup::default() }).await;
    publish(&world, "news.html", "old");
    cached(&world, "/news.html").await;
    world
}

/// Changes the distribution in CloudFront, and the service has not read it yet.
fn change(world: &World, change: impl FnOnce(&mut Distribution)) {
    let mut workshop = world.sandbox.distributions().into_iter().find(|known| known.id == WORKSHOP).unwrap();
    change(&mut workshop);
    world.sandbox.add_distribution(workshop).unwrap();
}

/// The verdict of a new version, and where it was looked.
async fn checked(world: &World, text: &str) -> (String, String) {
    let id = invalidate(world, "/news.html", || publish(world, "news.html", text)).await;
    let url = run(world, &id).await.urls.remove(0).url;
    (verdict(world, &id).await, url)
}

fn at(verdict: &str, host: &str) -> (String, String) {
    (verdict.to_owned(), format!("https://{host}/news.html"))
}

#[tokio::test]
async fn certificates_that_fit_prove_as_without_tls() {
    let world = world().await;
    assert_eq!(checked(&world, "new").await, at("fresh ", "d12345678.cloudfront.net"));
    configure(&world, |workshop| workshop.aliases = vec!["www.example.com".to_owned()]).await;
    assert_eq!(checked(&world, "newer").await, at("fresh ", "www.example.com"));
    world.finish().await;
}

/// Row 36 of what edges answer: CloudFront's own certificate for a name that people chose.
#[tokio::test]
async fn a_certificate_for_another_name_is_broken() {
    let world = world().await;
    // Nobody attached a certificate for this name.
    configure(&world, |workshop| workshop.aliases = vec!["www.example.org".to_owned()]).await;
    assert_eq!(checked(&world, "a").await, at("broken certificate_wrong_name", "www.example.org"));
    configure(&world, |workshop| workshop.aliases = vec!["www.example.com".to_owned()]).await;
    assert_eq!(checked(&world, "b").await, at("fresh ", "www.example.com"));
    // It is no alias any more.
    change(&world, |workshop| workshop.aliases.clear());
    assert_eq!(checked(&world, "c").await, at("broken certificate_wrong_name", "www.example.com"));
    world.finish().await;
}

/// Row 35: the site cannot be looked at without a client certificate.
#[tokio::test]
async fn a_site_that_wants_client_certificates_is_named_whether_its_settings_are_known_or_not() {
    let world = world().await;
    let wanted = at("broken client_certificate_required", "d12345678.cloudfront.net");
    change(&world, |workshop| workshop.client_certificates = Some("required".to_owned()));
    assert_eq!(checked(&world, "a").await, wanted);
    configure(&world, |workshop| workshop.client_certificates = Some("required".to_owned())).await;
    assert_eq!(checked(&world, "b").await, wanted);
    configure(&world, |workshop| workshop.client_certificates = Some("optional".to_owned())).await;
    assert_eq!(checked(&world, "c").await.0, "fresh ");
    world.finish().await;
}
