//! `GET /approvals`

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use askama::Template;
use axum::{
    extract::State,
    response::{Html, IntoResponse, Response},
};
use serde::Deserialize;

use crate::{
    commands,
    domain::{
        distributions::distribution::Distribution,
        invalidations::{
            item::Item,
            proposal::{Proposal, ProposalState},
            radius::BlastRadius,
            ticket::{Piece, pieces},
        },
        time::span_in_words,
    },
    http::{error::HttpError, params::QueryParams, session::Visitor, state::AppState},
    store::{
        audit,
        distributions::{self, protections},
        invalidations::proposals,
    },
};

use super::super::view::{self, Frame, FreezeView, RowContext, StatusView, Tab, When};

/// The number of proposals that are shown, and of items of each.
const SHOWN: usize = 50;
const ITEMS_SHOWN: usize = 50;

#[derive(Template)]
#[template(path = "approvals/list.html")]
struct Page {
    frame: Frame,
    made: bool,
    problem: Option<String>,
    waiting: Vec<Card>,
    /// Whether this visitor may approve one of them.
    may_decide: bool,
    earlier: Vec<Card>,
}

/// A proposal as the page shows it.
#[expect(clippy::struct_excessive_bools, reason = "each is a question that the template asks")]
struct Card {
    id: String,
    title: String,
    distribution_id: String,
    distribution: String,
    who: String,
    when: When,
    reason: Vec<Piece>,
    /// What viewers must get, if not the new version.
    expected: Option<String>,
    /// Whether its URLs are fetched once when it has completed.
    warm: bool,
    expires: String,
    /// How much it empties on a busy site. `None` if that needs no words, or is not known.
    radius: Option<String>,
    items: Vec<Item>,
    more: usize,
    count: usize,
    status: StatusView,
    decided: Option<(String, String)>,
    invalidation: Option<String>,
    /// Whether this visitor may approve or decline it, and whether they asked for it.
    may_approve: bool,
    may_decline: bool,
    own: bool,
    /// Whether the proposal differs from what the history recorded.
    contradicted: bool,
    /// The freeze windows that it would meet now.
    freeze: Option<FreezeView>,
}

#[derive(Debug, Deserialize)]
pub struct ApprovalsQuery {
    /// Set if the visitor has just made this proposal.
    made: Option<String>,
}

pub async fn list(
    State(app): State<AppState>,
    visitor: Visitor,
    QueryParams(wanted): QueryParams<ApprovalsQuery>,
) -> Result<Response, HttpError> {
    Ok(render(&app, &visitor, wanted.made.is_some(), None).await?.into_response())
}

/// The page, with what was wrong with the last decision.
pub async fn render(
    app: &AppState,
    visitor: &Visitor,
    made: bool,
    problem: Option<String>,
) -> Result<Html<String>, HttpError> {
    let now = app.context.clock.now();
    let mut conn = app.context.db.read().await?;
    let frame = view::frame(&mut conn, app, visitor, Tab::Approvals, "Approvals", "/approvals").await?;
    let all = proposals::recent(&mut conn, &visitor.access, SHOWN, now).await?;
    let named: Vec<_> = all.iter().map(|proposal| &proposal.distribution).collect();
    let distributions = distributions::some(&mut conn, &named).await?;
    let mut contradicted = HashSet::new();
    for proposal in &all {
        if audit::contradiction_of_proposal(&mut conn, proposal, now).await?.is_some() {
            contradicted.insert(proposal.id.clone());
        }
    }
    let mut frozen = HashMap::new();
    for proposal in all.iter().filter(|proposal| proposal.state == ProposalState::Waiting) {
        let protection = protections::find(&mut conn, &proposal.distribution).await?;
        let met = commands::met_freezes(&mut conn, &proposal.items, &protection, now).await?;
        frozen.extend(met.map(|met| (proposal.id.clone(), FreezeView::new(&met, now))));
    }
    drop(conn);
    let (waiting, earlier): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|proposal| proposal.state == ProposalState::Waiting);
    let around = RowContext {
        distributions: &distributions,
        tickets: app.options.tickets.as_ref(),
        contradicted: &[],
        freshness: &HashMap::new(),
        now,
    };
    let cards = |list: Vec<Proposal>| {
        let card = |one: Proposal| {
            let withhold = contradicted.contains(&one.id);
            let freeze = frozen.get(&one.id).cloned();
            let card = Card { freeze, ..card(one, visitor, &around) };
            if withhold { withheld(card) } else { card }
        };
        list.into_iter().map(card).collect()
    };
    let waiting: Vec<Card> = cards(waiting);
    let may_decide = waiting.iter().any(|card| card.may_approve);
    view::page(&Page { frame, made, problem, waiting, may_decide, earlier: cards(earlier) })
}

fn card(proposal: Proposal, visitor: &Visitor, around: &RowContext<'_>) -> Card {
    let own = proposal.behind == visitor.person.id.as_str();
    let waits = proposal.state == ProposalState::Waiting;
    let distribution = around.distributions.iter().find(|one| one.id == proposal.distribution);
    let traffic = distribution.and_then(|distribution| distribution.traffic.as_ref());
    let may = waits && visitor.access.covers_all(&proposal.distribution, &proposal.items);
    Card {
        id: proposal.id.to_string(),
        title: proposal.title(),
        distribution_id: proposal.distribution.to_string(),
        distribution: distribution
            .map_or_else(|| proposal.distribution.to_string(), Distribution::shown_name),
        who: proposal.asked_by.name().to_owned(),
        when: When::new(proposal.asked_at, around.now),
        reason: pieces(around.tickets, &proposal.reason),
        expected: proposal.expected.label(),
        warm: proposal.warm,
        radius: BlastRadius::of(&proposal.items, traffic).map(|radius| radius.describe()),
        expires: hours_in_words(proposal.expires_at.since(around.now)),
        more: proposal.items.len().saturating_sub(ITEMS_SHOWN),
        count: proposal.items.len(),
        status: status_of(&proposal),
        decided: proposal.decided_by.map(|by| (by.name().to_owned(), proposal.word)),
        invalidation: proposal.invalidation.map(|id| id.to_string()),
        items: proposal.items.into_iter().take(ITEMS_SHOWN).collect(),
        may_approve: may && !own,
        may_decline: may,
        own,
        contradicted: false,
        freeze: None,
    }
}

/// `24 hours`, `23 hours 31 min`: rounded up to a minute, so that what was requested just now has its whole time.
fn hours_in_words(span: Duration) -> String {
    let minutes = span.as_secs().div_ceil(60);
    match (minutes / 60, minutes % 60) {
        (0 | 1, _) => span_in_words(span),
        (hours, 0) => format!("{hours} hours"),
        (hours, minutes) => format!("{hours} hours {minutes} min"),
    }
}

/// A card for a proposal that differs from what the history recorded. It shows none of the changed data, and nobody
/// can approve it.
fn withheld(card: Card) -> Card {
    Card {
        title: "Differs from the history".to_owned(),
        who: String::new(),
        reason: Vec::new(),
        expected: None,
        radius: None,
        warm: false,
        items: Vec::new(),
        more: 0,
        decided: None,
        may_approve: false,
        contradicted: true,
        freeze: None,
        ..card
    }
}

/// Whoever asked declines it by withdrawing it.
fn status_of(proposal: &Proposal) -> StatusView {
    let is_withdrawn = proposal.decided_by.as_ref() == Some(&proposal.asked_by);
    match proposal.state {
        ProposalState::Declined if is_withdrawn => {
            StatusView { state: "cancelled", words: "Withdrawn".to_owned() }
        }
        state => StatusView { state: data_state(state), words: state.label().to_owned() },
    }
}

const fn data_state(state: ProposalState) -> &'static str {
    match state {
        ProposalState::Waiting => "needs_a_look",
        ProposalState::Approved => "completed",
        ProposalState::Declined => "failed",
        ProposalState::Expired => "cancelled",
    }
}
