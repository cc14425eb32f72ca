//! `/distributions/{id}/check-up`: what the configuration of a distribution and a few looks say, with next steps.

use askama::Template;
use axum::{
    extract::State,
    response::{Html, Redirect},
};

use crate::{
    commands::{self, CommandError},
    domain::{
        checks::{CheckUp, Finding, FindingState, check_up},
        id::DistributionId,
    },
    http::{error::HttpError, params::PathParams, session::Visitor, state::AppState},
    store::checks,
};

use super::{
    super::view::{self, Frame, StatusView, Tab, When},
    look_again::require_checks,
};

const WHAT: &str = "look at a distribution for its check-up";

#[derive(Template)]
#[template(path = "checks/check_up.html")]
struct Page {
    frame: Frame,
    id: String,
    name: String,
    /// How many findings there are of each state that there is.
    counts: Vec<StatusView>,
    findings: Vec<FindingView>,
    looks: LooksView,
    are_checks_on: bool,
    may_look: bool,
}

/// A finding as the page shows it.
struct FindingView {
    /// The stable word, which is its anchor.
    anchor: &'static str,
    status: StatusView,
    finding: Finding,
}

/// What the page says about the looks.
struct LooksView {
    host: String,
    /// `None` if none were made.
    made: Option<When>,
    /// When somebody asked for looks that are still to be made, and who.
    asked: Option<(When, String)>,
}

/// `GET /distributions/{id}/check-up`
pub async fn show_check_up(
    State(app): State<AppState>,
    visitor: Visitor,
    PathParams(id): PathParams<String>,
) -> Result<Html<String>, HttpError> {
    let id = DistributionId::parse(&id).ok_or(HttpError::NotFound)?;
    let now = app.context.clock.now();
    let mut conn = app.context.db.read().await?;
    let path = format!("/distributions/{id}/check-up");
    let frame = view::frame(&mut conn, &app, &visitor, Tab::Distributions, "Check-up", &path).await?;
    let distribution = view::distribution(&mut conn, &visitor, &id).await?.ok_or(HttpError::NotFound)?;
    let last = checks::check_up::find(&mut conn, &id).await?;
    drop(conn);
    let findings = check_up(&distribution, last.as_ref().and_then(CheckUp::looks));
    let are_checks_on = app.options.are_checks_on;
    let is_open = last.as_ref().is_some_and(|last| last.is_open);
    view::page(&Page {
        frame,
        id: id.to_string(),
        name: distribution.shown_name(),
        counts: counts(&findings),
        findings: findings.into_iter().map(FindingView::new).collect(),
        looks: LooksView {
            host: last.as_ref().and_then(CheckUp::looks).map(|looks| looks.host.clone()).unwrap_or_default(),
            made: last.as_ref().and_then(|last| last.seen.as_ref()).map(|(at, _)| When::new(*at, now)),
            asked: last
                .filter(|last| last.is_open && are_checks_on)
                .map(|last| (When::new(last.asked_at, now), last.asked_by.name().to_owned())),
        },
        are_checks_on,
        may_look: are_checks_on
            && visitor.access.role.may_invalidate()
            && distribution.has_host()
            && !is_open,
    })
}

/// `POST /distributions/{id}/check-up`: asks for new looks.
pub async fn ask_for_check_up(
    State(app): State<AppState>,
    visitor: Visitor,
    PathParams(id): PathParams<String>,
) -> Result<Redirect, HttpError> {
    visitor.require_operator(&app, WHAT, None).await?;
    require_checks(&app)?;
    let Some(id) = DistributionId::parse(&id) else { return Err(visitor.no_such(&app, WHAT).await) };
    let done = commands::ask_for_check_up(&app.context, &visitor.acting, &id).await;
    match visitor.keep(&app, WHAT, done).await {
        Err(CommandError::TooLate) => Err(HttpError::TooLate(
            "Viewers do not use this distribution directly, so there is nothing to look at. Nothing was changed."
                .to_owned(),
        )),
        other => {
            other?;
            Ok(Redirect::to(&format!("/distributions/{id}/check-up")))
        }
    }
}

fn counts(findings: &[Finding]) -> Vec<StatusView> {
    let counts = FindingState::ALL.iter().filter_map(|state| {
        let count = findings.iter().filter(|finding| finding.state == *state).count();
        let many = if count > 1 && *state == FindingState::Problem { "s" } else { "" };
        let words = format!("{count} {}{many}", state.label().to_lowercase());
        (count > 0).then(|| StatusView { state: state.as_str(), words })
    });
    counts.collect()
}

impl FindingView {
    fn new(finding: Finding) -> Self {
        Self {
            anchor: finding.name.as_str(),
            status: StatusView { state: finding.state.as_str(), words: finding.state.label().to_owned() },
            finding,
        }
    }
}
