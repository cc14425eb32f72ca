//! `GET /history`: the search box, its filters, and what they find, newest first: invalidations with what came of them,
//! or events.

use std::collections::BTreeSet;

use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};

use crate::{
    domain::{
        access::Role,
        audit::{
            Action, Chained, asked,
            invalidation_search::{InvalidationSearch, PageEnd, StateFilter},
            saved_search::SavedSearch,
            search::{AuditQuery, What},
        },
        causes::with_causes,
        distributions::{distribution::Distribution, host},
        id::{DistributionId, InvalidationId},
        invalidations::invalidation::InvalidationState,
    },
    http::{error::HttpError, params::QueryParams, session::Visitor, state::AppState},
    store::{
        Conn, StoreError,
        audit::{self, FoundInvalidation, InvalidationsFound, saved_searches},
        distributions,
        invalidations::{self, proposals},
    },
};

use super::{
    super::{
        form::Field,
        view::{self, Frame, Offer, Picker, Tab},
    },
    asked::HistoryFields,
    chips::{Chip, chips},
    entries::{HistoryEntry, entries},
    query::{HistoryQuery, HistoryTab},
    row::{EventRow, HistoryRowContext, row},
    seal::{ChainStatus, chain_status},
};

/// The number of events on a page.
const EVENTS: usize = 100;
/// The number of invalidations on a page.
const INVALIDATIONS: usize = 50;
/// Up to how many invalidations are counted.
const COUNTED: usize = 300;
/// How an event can have ended: the word and its label.
pub const OUTCOMES: [(&str, &str); 3] = [("done", "Done"), ("refused", "Refused"), ("failed", "Not yet")];

#[derive(Template)]
#[expect(clippy::struct_excessive_bools, reason = "each is a question that the template asks")]
#[template(path = "history/page.html")]
struct Page {
    frame: Frame,
    tabs: [TabLink; 3],
    is_of_invalidations: bool,
    is_of_everything: bool,
    /// The word of the tab, if the form has to name it.
    tab: &'static str,
    /// How many requests wait for approval: those that this person may approve, and their own.
    waiting: usize,
    /// How many are shown, and of how many.
    count: String,
    /// Whether this is the page with the newest, which updates itself.
    newest: bool,
    narrow: bool,
    /// Whether a filter of the panel is set.
    filtered: bool,
    has_days: bool,
    address: String,
    query: String,
    fields: HistoryFields,
    chips: Vec<Chip>,
    problems: Vec<String>,
    /// Why what was found cannot be shown.
    damage: Option<String>,
    /// The distributions to which the search for a URL was limited.
    note: Option<String>,
    picker: Picker,
    actions: Vec<(&'static str, Vec<(&'static str, &'static str)>)>,
    outcomes: [(&'static str, &'static str); 3],
    states: Vec<(&'static str, &'static str)>,
    spans: [(&'static str, &'static str); 4],
    /// What a check can have come to: the word and its label.
    freshnesses: [(&'static str, &'static str); 5],
    entries: Vec<HistoryEntry>,
    events: Vec<EventRow>,
    older: Option<String>,
    exports: [(&'static str, String); 3],
    saved: Vec<Saved>,
    is_admin: bool,
    name: Field,
    /// The state of the chain. `None` for a visitor who sees only some events.
    chain_status: Option<ChainStatus>,
}

/// A link to a tab.
struct TabLink {
    name: &'static str,
    address: String,
    here: bool,
}

/// A saved search.
struct Saved {
    id: String,
    name: String,
    address: String,
    for_everyone: bool,
    may_delete: bool,
}

impl Saved {
    /// What deleting it ends.
    const fn deleting(&self) -> &'static str {
        if self.for_everyone {
            "It disappears for everyone. No event is deleted."
        } else {
            "No event is deleted."
        }
    }
}

/// What was found for a tab.
#[derive(Default)]
struct Listing {
    invalidations: Vec<FoundInvalidation>,
    /// The first events of these invalidations; on the other tabs, the events that are shown.
    events: Vec<Chained>,
    end: Option<PageEnd>,
}

impl Listing {
    /// The distributions of what is shown.
    fn distributions(&self) -> BTreeSet<&DistributionId> {
        let rows = self.invalidations.iter().filter_map(|found| Some(&found.row.as_ref()?.distribution));
        let events = self.events.iter().filter_map(|chained| chained.event.distribution.as_ref());
        rows.chain(events).collect()
    }
}

/// `GET /history`
pub async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
    QueryParams(wanted): QueryParams<HistoryQuery>,
) -> Result<Response, HttpError> {
    render(&app, &visitor, &wanted, Field::default()).await
}

/// The page. `name` is the field for saving the search, which may have a message.
pub async fn render(
    app: &AppState,
    visitor: &Visitor,
    wanted: &HistoryQuery,
    name: Field,
) -> Result<Response, HttpError> {
    let now = app.context.clock.now();
    let wanted = &wanted.settled();
    let (tab, address) = (wanted.tab(), wanted.address(None));
    let mut conn = app.context.db.read().await?;
    let frame = view::frame(&mut conn, app, visitor, Tab::History, "History", &address).await?;
    let all = if wanted.names_a_place() { Some(distributions::list(&mut conn).await?) } else { None };
    let (fields, query) = wanted.read(visitor, all.as_deref().unwrap_or_default(), now);
    let (found, damage) = match &query {
        Some(query) => readable(listing(&mut conn, visitor, tab, query).await)?,
        None => (Listing::default(), None),
    };
    let mut distributions = match all {
        Some(all) => all,
        None => distributions::some(&mut conn, &Vec::from_iter(found.distributions())).await?,
    };
    distributions.retain(|distribution| visitor.access.sees(&distribution.id));
    let search = query.as_ref().map(|query| &query.events);
    let tickets = app.options.tickets.as_ref();
    let around = HistoryRowContext { distributions: &distributions, search, tickets, now };
    let (entries, events) = match tab {
        HistoryTab::Invalidations => (entries(&found.invalidations, &found.events, &around), Vec::new()),
        HistoryTab::Access | HistoryTab::Everything => {
            (Vec::new(), found.events.iter().map(|chained| row(chained, &around)).collect())
        }
    };
    let chosen = distributions.iter().find(|distribution| distribution.id.as_str() == wanted.distribution);
    let picker = view::picker(&mut conn, visitor, Offer { chosen, find: "", gone: true }).await?;
    let is_admin = visitor.access.role == Role::Admin;
    let mut saved = saved_searches::for_everyone(&mut conn).await?;
    saved.extend(saved_searches::own(&mut conn, &visitor.person.id).await?);
    let (head, chain_status) = chain_status(&mut conn, now).await?;
    let waiting = frame.approvals + proposals::waiting_of(&mut conn, &visitor.acting.actor, now).await?;
    let count = count(&mut conn, visitor, wanted, &found, head).await?;
    drop(conn);
    let problems = fields.problems();
    let is_wrong = !problems.is_empty() || name.error.is_some();
    let page = view::page(&Page {
        frame,
        tabs: HistoryTab::ALL.map(|one| TabLink {
            name: one.label(),
            address: if one == tab { address.clone() } else { wanted.at_tab(one) },
            here: one == tab,
        }),
        is_of_invalidations: tab == HistoryTab::Invalidations,
        is_of_everything: tab == HistoryTab::Everything,
        tab: if tab == HistoryTab::Invalidations { "" } else { tab.as_str() },
        waiting,
        count,
        newest: wanted.is_newest() && problems.is_empty(),
        narrow: wanted.is_narrow(),
        filtered: wanted.is_filtered(),
        has_days: wanted.has_days(),
        query: wanted.query(),
        chips: chips(wanted, &distributions),
        problems,
        damage,
        note: search.and_then(|search| looked_at(search, &distributions)),
        actions: actions(tab),
        outcomes: OUTCOMES,
        states: [StateFilter::PROBLEM]
            .into_iter()
            .chain(InvalidationState::ALL.map(|state| (state.as_str(), state.label())))
            .collect(),
        spans: asked::SPANS.map(|(word, label, _)| (word, label)),
        freshnesses: asked::CAME_TO.map(|one| (one.as_str(), one.label())),
        older: found.end.map(|end| wanted.address(Some(&end))),
        entries,
        events,
        exports: [("CSV", "csv"), ("JSON Lines", "jsonl"), ("OCSF", "ocsf.jsonl")]
            .map(|(name, ending)| (name, wanted.export(ending))),
        saved: saved.into_iter().map(|search| shown(search, is_admin)).collect(),
        is_admin,
        picker,
        address,
        fields,
        name,
        chain_status: (!visitor.access.is_narrowed()).then_some(chain_status),
    })?;
    let status = if is_wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok((status, Html(page.0)).into_response())
}

async fn listing(
    conn: &mut Conn,
    visitor: &Visitor,
    tab: HistoryTab,
    query: &InvalidationSearch,
) -> Result<Listing, StoreError> {
    if tab == HistoryTab::Invalidations {
        let InvalidationsFound { found: invalidations, end } =
            audit::search_invalidations(conn, &visitor.access, query, INVALIDATIONS).await?;
        let ids: Vec<InvalidationId> = invalidations.iter().map(|found| found.id.clone()).collect();
        let events = audit::first_events(conn, &ids).await?;
        return Ok(Listing { invalidations, events, end });
    }
    let found = audit::search(conn, &query.events, EVENTS).await?;
    let end = found.older.map(PageEnd::Event);
    Ok(Listing { events: found.events, end, ..Listing::default() })
}

/// What was found. If it cannot be read because it is damaged, the error message: the page must still show the state of
/// the chain.
fn readable(found: Result<Listing, StoreError>) -> Result<(Listing, Option<String>), StoreError> {
    match found {
        Ok(found) => Ok((found, None)),
        Err(error) if error.is_passing() => Err(error),
        Err(error) => {
            let words = with_causes(&error);
            tracing::error!(error = %words, "a page of the history cannot be read");
            Ok((Listing::default(), Some(words)))
        }
    }
}

/// How many are shown and of how many. What would take long to count is not counted: events that only some see, and
/// what a search finds beyond this page.
async fn count(
    conn: &mut Conn,
    visitor: &Visitor,
    wanted: &HistoryQuery,
    found: &Listing,
    head: i64,
) -> Result<String, StoreError> {
    if wanted.tab() == HistoryTab::Invalidations {
        let all = invalidations::count_up_to(conn, &visitor.access, COUNTED + 1).await?;
        let all = if all > COUNTED { format!("more than {COUNTED}") } else { all.to_string() };
        return Ok(format!("{} of {all} invalidations", found.invalidations.len()));
    }
    let shown = found.events.len();
    if wanted.tab() == HistoryTab::Everything && !visitor.access.is_narrowed() {
        let dropped = audit::first_sequence(conn).await?.saturating_sub(1);
        return Ok(format!("{shown} of {} events", head.saturating_sub(dropped).max(0)));
    }
    let is_all = found.end.is_none() && wanted.is_newest();
    Ok(if is_all { format!("{shown} events") } else { format!("{shown} of many events") })
}

/// For a search for a URL: says which distributions were searched.
fn looked_at(search: &AuditQuery, distributions: &[Distribution]) -> Option<String> {
    let What::Path { host: Some(host), .. } = &search.what else { return None };
    let shown = host::shown(host.as_str());
    let Some(serving) = &search.serving else {
        return Some(format!("No distribution here serves {shown} today: all of them were looked at."));
    };
    let names: Vec<String> = distributions
        .iter()
        .filter(|distribution| serving.contains(&distribution.id))
        .map(Distribution::shown_name)
        .collect();
    Some(format!(
        "Only what happened at {}, which serves {shown} today. Search for the path alone to look at all.",
        names.join(" and ")
    ))
}

/// The actions of a tab, by what they are about.
fn actions(tab: HistoryTab) -> Vec<(&'static str, Vec<(&'static str, &'static str)>)> {
    let mut groups: Vec<(&'static str, Vec<_>)> = Vec::new();
    for action in Action::written().filter(|action| tab != HistoryTab::Access || action.is_about_access()) {
        let one = (action.as_str(), action.label());
        match groups.iter_mut().find(|(name, _)| *name == action.subject()) {
            Some((_, group)) => group.push(one),
            None => groups.push((action.subject(), vec![one])),
        }
    }
    groups
}

fn shown(search: SavedSearch, is_admin: bool) -> Saved {
    Saved {
        id: search.id,
        name: search.name,
        address: format!("/history?{}", search.query),
        for_everyone: search.for_everyone,
        may_delete: is_admin || !search.for_everyone,
    }
}
