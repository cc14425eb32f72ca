//! The changed files of a distribution's buckets: on its page, as a line of the form, and the button that looks for
//! them.

use axum::{extract::State, response::Redirect};

use crate::{
    commands::{self, CommandError},
    domain::{
        checks::{BucketChanges, BucketComparison},
        distributions::distribution::Distribution,
        id::DistributionId,
        time::Timestamp,
    },
    http::{error::HttpError, params::PathParams, session::Visitor, state::AppState},
    store::{Conn, StoreError, checks},
};

use super::{super::view::When, look_again::require_checks};

const WHAT: &str = "look for changed files";
/// The names that the page shows.
const SHOWN: usize = 10;
const DELETED: &str = "The file list does not show deleted files: enter those yourself.";

/// The part of a distribution's page.
#[derive(Debug, Clone)]
pub struct ChangesSection {
    /// How many files changed. `None` if that is not known.
    pub summary: Option<String>,
    pub names: Vec<String>,
    /// How many changed files are not among the names.
    pub more: usize,
    pub problem: Option<ListingProblemView>,
    pub notes: Vec<String>,
    /// When the buckets were last listed.
    pub looked: Option<When>,
    /// Whether somebody waits for a listing.
    pub is_open: bool,
    pub are_checks_on: bool,
    /// The address of the form with the changed files.
    pub link: Option<String>,
    pub may_look: bool,
}

/// Why the buckets were not compared, as the page shows it.
#[derive(Debug, Clone)]
pub struct ListingProblemView {
    pub found: String,
    pub step: &'static str,
    pub snippet: Option<String>,
}

impl ChangesSection {
    /// Reads the part of a distribution's page.
    pub async fn read(
        conn: &mut Conn,
        visitor: &Visitor,
        distribution: &Distribution,
        are_checks_on: bool,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let id = &distribution.id;
        let changes = checks::changes::find(conn, id).await?;
        let seen = changes.as_ref().and_then(BucketChanges::comparison);
        let compared = seen.filter(|seen| seen.problem.is_none());
        let names: Vec<String> =
            compared.iter().flat_map(|seen| &seen.files).take(SHOWN).map(|file| file.name.clone()).collect();
        let is_open = are_checks_on && changes.as_ref().is_some_and(|changes| changes.asked_at.is_some());
        let may_act = visitor.access.role.may_invalidate() && distribution.gone_at.is_none();
        Ok(Self {
            summary: compared.map(BucketComparison::describe),
            more: compared.map_or(0, |seen| seen.changed.saturating_sub(names.len())),
            problem: seen.and_then(ListingProblemView::of),
            notes: compared.map(notes).unwrap_or_default(),
            looked: changes
                .as_ref()
                .and_then(|changes| changes.seen.as_ref())
                .map(|(at, _)| When::new(*at, now)),
            link: compared.filter(|seen| may_act && offers(visitor, id, seen)).map(|_| link(id)),
            may_look: are_checks_on && may_act && distribution.refusal().is_none() && !is_open,
            names,
            is_open,
            are_checks_on,
        })
    }
}

impl ListingProblemView {
    fn of(seen: &BucketComparison) -> Option<Self> {
        let problem = seen.problem.as_ref()?;
        Some(Self { found: problem.found(), step: problem.step(), snippet: problem.snippet() })
    }
}

fn link(id: &DistributionId) -> String {
    format!("/?changed={id}")
}

/// Whether the visitor may refresh one of the changed files.
fn offers(visitor: &Visitor, id: &DistributionId, seen: &BucketComparison) -> bool {
    seen.items().any(|item| visitor.access.covers(id, &item))
}

fn notes(seen: &BucketComparison) -> Vec<String> {
    let never = match seen.never_invalidated {
        0 => None,
        1 => Some("One of them is in no known invalidation. A new file needs none.".to_owned()),
        many => Some(format!("{many} of them are in no known invalidation. New files need none.")),
    };
    let mut notes: Vec<String> = never.into_iter().collect();
    if seen.changed > seen.files.len() {
        notes.push(format!("The form gets the first {}.", seen.files.len()));
    }
    notes.push(DELETED.to_owned());
    notes
}

/// How many files of a distribution's buckets changed, and the address of the form with them. `None` if there is
/// nothing that the visitor may refresh.
pub async fn changed_link(
    conn: &mut Conn,
    visitor: &Visitor,
    id: &DistributionId,
) -> Result<Option<(String, String)>, StoreError> {
    if !visitor.access.role.may_invalidate() {
        return Ok(None);
    }
    let changes = checks::changes::find(conn, id).await?;
    let seen = changes.as_ref().and_then(BucketChanges::comparison);
    Ok(seen.filter(|seen| offers(visitor, id, seen)).map(|seen| (seen.describe(), link(id))))
}

/// `POST /distributions/{id}/changes`: asks for a listing of its buckets.
pub async fn look_for_changes(
    State(app): State<AppState>,
    visitor: Visitor,
    PathParams(id): PathParams<String>,
) -> Result<Redirect, HttpError> {
    visitor.require_operator(&app, WHAT, None).await?;
    require_checks(&app)?;
    let Some(id) = DistributionId::parse(&id) else { return Err(visitor.no_such(&app, WHAT).await) };
    let done = commands::look_for_changes(&app.context, &visitor.acting, &id).await;
    match visitor.keep(&app, WHAT, done).await {
        Err(CommandError::TooLate) => Err(HttpError::TooLate(
            "CloudFront no longer lists this distribution, or no viewer uses it directly. Nothing was changed."
                .to_owned(),
        )),
        other => {
            other?;
            Ok(Redirect::to(&format!("/distributions/{id}#changes")))
        }
    }
}
