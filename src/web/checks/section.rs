//! The checks of a distribution on its page: the settings in words, and what was seen last.

use crate::{
    domain::{
        access::Role,
        checks::{ApiCheck, CheckSettings, ExpectedContent, bucket_origins},
        distributions::distribution::Distribution,
        time::Timestamp,
    },
    http::session::Visitor,
    store::{Conn, StoreError, checks},
};

use super::{super::view::When, ChangesSection, CheckPanel};

/// The part of the page.
#[derive(Debug, Clone)]
pub struct ChecksSection {
    pub facts: Vec<(&'static str, String)>,
    /// When somebody last asked for a check, and what was seen.
    pub last: Option<(When, CheckPanel)>,
    /// The changed files of its buckets. `None` if its origin is not to be asked, or is no bucket.
    pub changes: Option<ChangesSection>,
    pub may_check: bool,
    pub may_set: bool,
}

/// Why nothing is looked at of a staging distribution.
const UNSEEN: &str = "none: viewers reach a staging distribution only through its primary distribution, so that looks from here do not see it. Nothing proves what they get.";

/// Reads the section of a distribution's page.
pub async fn section(
    conn: &mut Conn,
    visitor: &Visitor,
    distribution: &Distribution,
    are_checks_on: bool,
    now: Timestamp,
) -> Result<ChecksSection, StoreError> {
    let settings = checks::settings::find(conn, &distribution.id).await?;
    let run = checks::of_distribution(conn, &distribution.id).await?;
    let is_looking = run.as_ref().is_some_and(|run| run.is_looking(now));
    let last = match &run {
        Some(run) => Some((
            When::new(run.created_at, now),
            CheckPanel::read(conn, run, ExpectedContent::NewVersion, now).await?,
        )),
        None => None,
    };
    let changes = if settings.ask_origin && may_have_bucket(distribution) {
        Some(ChangesSection::read(conn, visitor, distribution, are_checks_on, now).await?)
    } else {
        None
    };
    Ok(ChecksSection {
        changes,
        facts: facts(&settings, distribution, are_checks_on),
        last,
        may_check: are_checks_on
            && visitor.access.role.may_invalidate()
            && distribution.gone_at.is_none()
            && !distribution.staging
            && !is_looking,
        may_set: visitor.access.role == Role::Admin && !distribution.staging,
    })
}

/// Whether one of its origins is a bucket, or may be one.
fn may_have_bucket(distribution: &Distribution) -> bool {
    let config = distribution.config.as_ref().filter(|config| !config.delivery.behaviors.is_empty());
    config.is_none_or(|config| !bucket_origins(config).is_empty())
}

/// `GET https://api.example.com/students with x-api-key`
fn api_words(api: &ApiCheck) -> String {
    let names = api.headers.list_names();
    let headers = if names.is_empty() { names } else { format!(" with {names}") };
    format!("{} {}{headers}", api.method.as_str(), api.url)
}

/// The settings in words. Of the headers only the names, as in the history.
fn facts(
    settings: &CheckSettings,
    distribution: &Distribution,
    are_checks_on: bool,
) -> Vec<(&'static str, String)> {
    if distribution.staging {
        return vec![("Looks", UNSEEN.to_owned())];
    }
    let is_on = match (are_checks_on, settings.enabled) {
        (false, _) => "off (UNSTALE_CHECKS=off)",
        (true, true) => "before and after each invalidation",
        (true, false) => "off",
    };
    let urls = if settings.urls.is_empty() {
        "those that an invalidation names".to_owned()
    } else {
        format!("{}, and those that an invalidation names", settings.urls.join(", "))
    };
    let host = settings.primary_host(distribution).unwrap_or_else(|| "none".to_owned());
    let names = settings.headers.list_names();
    let mut facts = vec![("Looks", is_on.to_owned()), ("Host", host), ("URLs", urls)];
    if !names.is_empty() {
        facts.push(("Headers", names));
    }
    facts.extend(settings.must_contain.clone().map(|text| ("Must contain", text)));
    facts.extend(settings.must_not_contain.clone().map(|text| ("Must not contain", text)));
    facts.extend(settings.cors_origin.clone().map(|origin| ("CORS for", origin)));
    facts.extend(settings.ask_origin.then(|| ("Origin", "asked too".to_owned())));
    let locations = settings.list_edge_locations();
    facts.extend((!locations.is_empty()).then_some(("Edge locations", locations)));
    facts.extend(settings.compressed.then(|| ("Compressed copies", "looked at too".to_owned())));
    facts.extend(settings.apis.iter().map(|api| ("API", api_words(api))));
    facts
}
