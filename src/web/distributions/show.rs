//! `GET /distributions/{id}`

use askama::Template;
use axum::{extract::State, response::Html};

use crate::{
    domain::{
        access::Role,
        distributions::{
            delivery::Behavior,
            distribution::{Distribution, DistributionConfig},
            host::shown,
            path_mapping,
        },
        id::DistributionId,
        invalidations::batching::{CLOUDFRONT, Load},
        time::span_in_words,
    },
    http::{error::HttpError, params::PathParams, session::Visitor, state::AppState},
    store::{
        audit,
        distributions::{
            distribution_tags,
            optional_readings::{self, OptionalReading},
            path_mappings, protections, survey,
        },
        invalidations::{self, batches},
    },
};

use super::super::{
    checks::{self, ChecksSection},
    view::{self, Frame, Row, RowContext, SiteAddress, StatusView, Tab, When},
};
use super::{optional_facts, staging_pair::StagingPairView};

/// The number of invalidations that are listed.
const LISTED: usize = 50;

#[derive(Template)]
#[template(path = "distributions/show.html")]
struct Page {
    frame: Frame,
    id: String,
    name: String,
    comment: String,
    domain: String,
    /// The root of the site as viewers get it.
    site: Option<String>,
    status: StatusView,
    warning: Option<&'static str>,
    facts: Vec<(&'static str, String)>,
    /// The other distribution of a continuous deployment.
    staging_pair: Option<StagingPairView>,
    load: Load,
    paths_max: usize,
    wildcards_max: usize,
    rows: Vec<Row>,
    read: Option<When>,
    may_invalidate: bool,
    may_protect: bool,
    checks: ChecksSection,
}

pub async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
    PathParams(id): PathParams<String>,
) -> Result<Html<String>, HttpError> {
    let id = DistributionId::parse(&id).ok_or(HttpError::NotFound)?;
    let now = app.context.clock.now();
    let mut conn = app.context.db.read().await?;
    let path = format!("/distributions/{id}");
    let mut frame = view::frame(&mut conn, &app, &visitor, Tab::Distributions, "Distribution", &path).await?;
    let distribution = view::distribution(&mut conn, &visitor, &id).await?.ok_or(HttpError::NotFound)?;
    let list = invalidations::of_distribution(&mut conn, &id, LISTED).await?;
    let contradicted = audit::contradicted(&mut conn, &list).await?;
    let load = batches::in_flight(&mut conn, &id).await?;
    let usual = batches::usual_time(&mut conn, &id).await?;
    let tags = distribution_tags::of(&mut conn, &id).await?;
    let traffic = optional_readings::read(&mut conn, OptionalReading::Traffic).await?;
    let plans = optional_readings::read(&mut conn, OptionalReading::FlatRatePlans).await?;
    let protection = protections::find(&mut conn, &id).await?;
    let mappings = path_mappings::of(&mut conn, &id).await?;
    let read = survey::read(&mut conn).await?.finished_at;
    let checks = checks::section(&mut conn, &visitor, &distribution, app.options.are_checks_on, now).await?;
    let freshness = view::freshness(&mut conn, &list).await?;
    let site = SiteAddress::read(&mut conn, &app, &distribution).await?;
    let staging_pair = StagingPairView::read(&mut conn, &visitor, &distribution).await?;
    drop(conn);
    let readiness = distribution.readiness();
    let takes_requests = distribution.refusal().is_none();
    frame.title = distribution.shown_name();
    let mut facts = facts(&distribution);
    facts.extend(usual.map(|span| ("Usually completed in", span_in_words(span))));
    facts.push(("Tags in AWS", tag_words(tags)));
    facts.push(("Viewers", optional_facts::traffic(&distribution, &traffic)));
    facts.push(("Price", optional_facts::price(&distribution, &plans)));
    facts.push(("Protection", protection.describe()));
    if !mappings.is_empty() {
        facts.push(("Path mappings", path_mapping::describe(&mappings)));
    }
    if visitor.access.is_narrowed() {
        facts.push(("You may refresh", visitor.access.describe(&distribution.id)));
    }
    let name = distribution.shown_name();
    let tickets = app.options.tickets.as_ref();
    let around = RowContext {
        distributions: std::slice::from_ref(&distribution),
        tickets,
        contradicted: &contradicted,
        freshness: &freshness,
        now,
    };
    let rows = view::rows(&list, &around);
    view::page(&Page {
        frame,
        id: id.to_string(),
        comment: if distribution.comment == name { String::new() } else { distribution.comment },
        name,
        domain: distribution.domain_name,
        site: site.as_ref().map(SiteAddress::root),
        status: StatusView { state: readiness.as_str(), words: readiness.label().to_owned() },
        warning: readiness.warning(),
        facts,
        staging_pair,
        load,
        paths_max: CLOUDFRONT.paths,
        wildcards_max: CLOUDFRONT.wildcards,
        rows,
        read: read.map(|at| When::new(at, now)),
        may_invalidate: takes_requests && visitor.access.role.may_invalidate(),
        checks,
        may_protect: visitor.access.role == Role::Admin,
    })
}

fn tag_words(tags: Option<Vec<(String, String)>>) -> String {
    match tags {
        None => "not known".to_owned(),
        Some(tags) if tags.is_empty() => "none".to_owned(),
        Some(tags) => tags.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(", "),
    }
}

fn facts(distribution: &Distribution) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    if !distribution.aliases.is_empty() {
        facts.push((
            "Aliases",
            distribution.aliases.iter().map(|alias| shown(alias)).collect::<Vec<_>>().join(", "),
        ));
    }
    if !distribution.origins.is_empty() {
        facts.push(("Origin", distribution.origins.join(", ")));
    }
    if let Some(config) = &distribution.config {
        facts.push(("Root object", config.root_object.clone().unwrap_or_else(|| "none".to_owned())));
        facts.push((
            "Cache tags",
            match &config.tag_header {
                Some(header) => format!("read from {header}"),
                None => "off: the distribution names no header for them".to_owned(),
            },
        ));
        facts.push((
            "Query strings",
            match config.query_strings.or_else(|| default_behavior(config)?.keys_query_strings()) {
                Some(true) => "in the cache key".to_owned(),
                Some(false) => "not in the cache key".to_owned(),
                None if default_behavior(config).is_some_and(|behavior| behavior.own_policy_id().is_some()) => {
                    "as its cache policy says, which is not known. To read it, Unstale needs cloudfront:ListCachePolicies on *"
                        .to_owned()
                }
                None => "as its cache policy says".to_owned(),
            },
        ));
    }
    if distribution.staging {
        facts.push(("Staging", "a staging distribution with a cache of its own".to_owned()));
    }
    if !distribution.account().is_empty() {
        facts.push(("Account", distribution.account().to_owned()));
    }
    facts
}

/// The behaviour of what no other pattern fits. It is the last one.
fn default_behavior(config: &DistributionConfig) -> Option<&Behavior> {
    config.delivery.behaviors.last()
}
