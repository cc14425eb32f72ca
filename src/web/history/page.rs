//! `GET /history`: the search box, its filters, and the events that they find, newest first.

use std::time::Duration;

use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};

use crate::{
    domain::{
        audit::{
            Action, asked,
            head::Head,
            saved_search::SavedSearch,
            search::{AuditQuery, What},
        },
        causes::with_causes,
        distributions::{distribution::Distribution, host},
        time::Timestamp,
    },
    http::{error::HttpError, params::QueryParams, session::Visitor, state::AppState},
    store::{
        Conn, StoreError,
        audit::{self, CheckState, SearchResult, saved_searches},
        distributions,
    },
};

use super::{
    super::{
        form::Field,
        view::{self, Frame, Offer, Picker, Tab, When},
    },
    asked::{HistoryFields, HistoryQuery},
    row::{HistoryRowContext, Row, row},
};

/// The number of events on a page.
const PAGE: usize = 100;
/// How old an unchecked event has to be before the page warns. New events are usually checked within seconds.
const BEHIND: Duration = Duration::from_mins(15);

#[derive(Template)]
#[template(path = "history/page.html")]
struct Page {
    frame: Frame,
    /// The sequence number of the last event. `None` for a visitor who sees only some events.
    head: Option<i64>,
    /// Whether this is the page with the newest events, which updates itself.
    newest: bool,
    narrow: bool,
    /// Whether a filter is set, besides the search box.
    filtered: bool,
    address: String,
    query: String,
    fields: HistoryFields,
    problems: Vec<String>,
    /// Why the events that were found cannot be shown.
    damage: Option<String>,
    /// The distributions to which the search for a URL was limited.
    note: Option<String>,
    picker: Picker,
    actions: Vec<(&'static str, &'static str)>,
    /// What a check can have come to: the word and its label.
    freshnesses: [(&'static str, &'static str); 5],
    events: Vec<Row>,
    older: Option<String>,
    back: String,
    exports: [(&'static str, String); 3],
    saved: Vec<Saved>,
    name: Field,
    /// The state of the chain. `None` for a visitor who sees only some events.
    chain_status: Option<ChainStatus>,
}

/// A saved search.
struct Saved {
    id: String,
    name: String,
    address: String,
}

/// The result of the last check of the chain.
struct ChainStatus {
    state: &'static str,
    words: &'static str,
    told: String,
    hash: String,
    /// Whether signed heads could be sent to each destination. Empty if there is no destination.
    heads: Vec<Heads>,
}

/// The state of one destination of signed heads.
struct Heads {
    words: String,
    failing: bool,
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
    let mut conn = app.context.db.read().await?;
    let address = wanted.address("/history", None);
    let frame = view::frame(&mut conn, app, visitor, Tab::History, "History", &address).await?;
    let all = distributions::list(&mut conn).await?;
    let distributions: Vec<_> =
        all.iter().filter(|distribution| visitor.access.sees(&distribution.id)).cloned().collect();
    let (fields, search) = wanted.read(visitor, &all);
    let (found, damage) = match &search {
        Some(search) => readable(audit::search(&mut conn, search, PAGE).await)?,
        None => (SearchResult::default(), None),
    };
    let chosen =
        distributions.iter().find(|distribution| distribution.id.as_str() == wanted.distribution.trim());
    let picker = view::picker(&mut conn, visitor, Offer { chosen, find: "", gone: true }).await?;
    let saved = saved_searches::list(&mut conn, &visitor.person.id).await?;
    let (head, chain_status) = chain_status(&mut conn, now).await?;
    drop(conn);
    let whole = !visitor.access.is_narrowed();
    let problems = problems(&fields);
    let bad = !problems.is_empty() || name.error.is_some();
    let tickets = app.options.tickets.as_ref();
    let around = HistoryRowContext { distributions: &distributions, search: search.as_ref(), tickets, now };
    let export = |ending: &str| wanted.address(&format!("/history.{ending}"), None);
    let page = view::page(&Page {
        frame,
        head: whole.then_some(head),
        newest: wanted.before.is_none() && problems.is_empty(),
        narrow: wanted.is_narrow(),
        filtered: wanted.is_filtered(),
        query: wanted.query(),
        problems,
        damage,
        note: search.as_ref().and_then(|search| looked_at(search, &distributions)),
        freshnesses: asked::CAME_TO.map(|one| (one.as_str(), one.label())),
        actions: Action::written().map(|action| (action.as_str(), action.label())).collect(),
        events: found.events.iter().map(|chained| row(chained, &around)).collect(),
        older: found.older.map(|older| wanted.address("/history", Some(older))),
        back: address.clone(),
        exports: [("CSV", export("csv")), ("JSON Lines", export("jsonl")), ("OCSF", export("ocsf.jsonl"))],
        saved: saved.into_iter().map(kept).collect(),
        picker,
        address,
        fields,
        name,
        chain_status: whole.then_some(chain_status),
    })?;
    let status = if bad { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok((status, Html(page.0)).into_response())
}

/// The events that were found. If they cannot be read because they are damaged, the error message: the page must
/// still show the state of the chain.
fn readable(found: Result<SearchResult, StoreError>) -> Result<(SearchResult, Option<String>), StoreError> {
    match found {
        Ok(found) => Ok((found, None)),
        Err(error) if error.is_passing() => Err(error),
        Err(error) => {
            let words = with_causes(&error);
            tracing::error!(error = %words, "a page of the history cannot be read");
            Ok((SearchResult::default(), Some(words)))
        }
    }
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

fn kept(search: SavedSearch) -> Saved {
    Saved { id: search.id, name: search.name, address: format!("/history?{}", search.query) }
}

fn problems(fields: &HistoryFields) -> Vec<String> {
    let all = [
        ("Search", &fields.q),
        ("Action", &fields.action),
        ("Result", &fields.result),
        ("Check", &fields.freshness),
        ("From", &fields.from),
        ("Until", &fields.until),
        ("Made where", &fields.outside),
    ];
    all.into_iter()
        .filter_map(|(name, field)| field.error.as_ref().map(|error| format!("{name}: {error}")))
        .collect()
}

async fn chain_status(conn: &mut Conn, now: Timestamp) -> Result<(i64, ChainStatus), StoreError> {
    let (head, checked) = audit::standing(conn).await?;
    // The note of the last event is missing. The check reports that as a broken chain.
    let head = head.unwrap_or_else(|| Head { sequence: checked.sequence, hash: String::new() });
    let hash =
        format!("{}…{}", &head.hash.get(..8).unwrap_or_default(), &head.hash.get(60..).unwrap_or_default());
    Ok((head.sequence, ChainStatus { heads: heads(&checked), ..told(&checked, head.sequence, hash, now) }))
}

fn heads(checked: &CheckState) -> Vec<Heads> {
    let authentication_methods = [
        ("file", checked.head_told, &checked.file_problem),
        ("webhook", checked.head_posted, &checked.post_problem),
    ];
    let told = authentication_methods.into_iter().filter_map(|(way, upto, problem)| match (upto, problem.as_str()) {
        (0, "") => None,
        (upto, "") => Some(Heads { words: format!("told to the {way} up to event {upto}"), failing: false }),
        (upto, problem) => {
            let words = format!(
                "Signed heads behind event {upto} could not be told to the {way}: {problem}. It is tried again."
            );
            Some(Heads { words, failing: true })
        }
    });
    told.collect()
}

fn told(checked: &CheckState, newest: i64, hash: String, now: Timestamp) -> ChainStatus {
    let ago = |at| When::new(at, now).ago;
    match (checked.broken_at, checked.at) {
        (Some(event), _) => ChainStatus {
            state: "failed",
            words: "Chain broken",
            told: format!(
                "at event {event}: {}. Run unstale audit verify, and keep a copy of the database as it is.",
                checked.problem
            ),
            hash,
            heads: Vec::new(),
        },
        (None, Some(at)) => {
            let whole =
                checked.whole_at.map(ago).map_or("not yet".to_owned(), |ago| format!("checked {ago}"));
            let told = format!(
                "every event up to {} checked {}; the whole chain {whole}",
                checked.sequence,
                ago(at)
            );
            let behind = newest > checked.sequence && now.since(at) > BEHIND;
            let (state, words) =
                if behind { ("needs_a_look", "Check is behind") } else { ("completed", "Chain intact") };
            ChainStatus { state, words, told, hash, heads: Vec::new() }
        }
        (None, None) => {
            let told = "The check in the background has not come round.".to_owned();
            ChainStatus { state: "queued", words: "Not checked yet", told, hash, heads: Vec::new() }
        }
    }
}
