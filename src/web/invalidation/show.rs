//! `GET /invalidations/{id}`

use askama::Template;
use axum::{extract::State, response::Html};
use serde::Deserialize;

use crate::{
    domain::{
        access::Role,
        actor::ActorKind,
        audit::{Action, verify::Broken},
        distributions::distribution::Distribution,
        id::InvalidationId,
        invalidations::{
            aws_cli,
            invalidation::{Batch, BatchState, Invalidation},
            item::Item,
            ticket::{Piece, pieces},
        },
        time::span_in_words,
    },
    http::{
        error::HttpError,
        params::{PathParams, QueryParams},
        session::Visitor,
        state::AppState,
    },
    store::{
        Conn, StoreError, audit, distributions,
        invalidations::{self, batches},
    },
};

use super::{
    super::{
        checks::CheckPanel,
        demo::{self, DemoSite},
        view::{self, ElapsedView, Frame, SiteAddress, StatusView, Tab, When},
    },
    batches::{BatchesView, RefusedView},
    checked::{self, Checked},
    override_freeze::Freezes,
    parts::{self, EventView, ProblemView, TimelineStep},
    together::TogetherView,
    warmed::WarmingView,
};

/// The numbers of items and events that are shown. The other items are only counted.
const ITEMS_SHOWN: usize = 500;
/// How many items stand unfolded.
const ITEMS_UNFOLDED: usize = 10;
const EVENTS_SHOWN: usize = 200;

#[expect(clippy::struct_excessive_bools, reason = "each is a question that the template asks")]
#[derive(Template)]
#[template(path = "invalidation/page.html")]
struct Page {
    frame: Frame,
    id: String,
    title: String,
    distribution_id: String,
    distribution: String,
    edge: String,
    /// The root of the site as viewers get it.
    site: Option<String>,
    who: String,
    /// How it got past the protection of the distribution: `approved by ada@example.com`. `None` if nothing was asked.
    approval: Option<String>,
    outside: bool,
    /// Who made the invalidation outside, if CloudTrail has told.
    maker: Option<String>,
    when: When,
    reason: Vec<Piece>,
    /// What viewers must get, if not the new version.
    expected: Option<String>,
    status: StatusView,
    billed: usize,
    took: String,
    steps: Vec<TimelineStep>,
    /// While CloudFront works on it.
    elapsed: Option<ElapsedView>,
    /// Whether nothing more happens by itself at CloudFront.
    is_over: bool,
    /// What came of it, once nothing more is awaited: it is over, and looked at if anybody looks.
    outcome: Option<String>,
    /// The requests that it was sent together with.
    together: Option<TogetherView>,
    refused: Option<RefusedView>,
    troubles: Vec<ProblemView>,
    slow: Option<String>,
    batches: BatchesView,
    items: Vec<ItemView>,
    items_hidden: usize,
    item_count: usize,
    events: Vec<EventView>,
    command: Option<String>,
    /// What differs from what the history recorded.
    contradiction: Option<Broken>,
    /// Whether this page is the answer to a repeated request within the cool-down.
    held_back: bool,
    /// Whether this page is the answer to the same form sent again.
    sent_before: bool,
    may_act: bool,
    can_cancel: bool,
    can_retry: bool,
    /// What viewers get. `None` if nobody looks.
    checks: Option<CheckPanel>,
    can_check: bool,
    /// What became of fetching the URLs afterwards. `None` if nobody asked for that.
    warming: Option<WarmingView>,
    freezes: Freezes,
    /// The demo's site, on the pages of its own invalidations.
    demo_site: Option<DemoSite>,
}

impl Page {
    /// Whether the items, and the command with them, stand in folds.
    const fn is_long(&self) -> bool {
        self.item_count > ITEMS_UNFOLDED
    }
}

/// An item, with the page that viewers get under it.
struct ItemView {
    item: Item,
    link: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct InvalidationQuery {
    held: Option<String>,
    sent: Option<String>,
}

pub async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
    PathParams(id): PathParams<String>,
    QueryParams(wanted): QueryParams<InvalidationQuery>,
) -> Result<Html<String>, HttpError> {
    let id = InvalidationId::parse(&id).ok_or(HttpError::NotFound)?;
    let now = app.context.clock.now();
    let mut conn = app.context.db.read().await?;
    let path = format!("/invalidations/{id}");
    let mut frame = view::frame(&mut conn, &app, &visitor, Tab::History, "Invalidation", &path).await?;
    let found = invalidations::find(&mut conn, &id).await?;
    let found = found.filter(|found| visitor.access.sees(&found.distribution)).ok_or(HttpError::NotFound)?;
    let batches = batches::of_invalidation(&mut conn, &id).await?;
    let events = audit::of_invalidation(&mut conn, &id, EVENTS_SHOWN).await?;
    let contradiction = audit::contradiction_of(&mut conn, &found, &batches).await?;
    let distribution = distributions::find(&mut conn, &found.distribution).await?;
    let maker = audit::maker(&mut conn, &id).await?;
    let waiting = view::waiting(&mut conn, &app, &found, now).await?;
    let together = TogetherView::read(&mut conn, &visitor.access, &found, &batches).await?;
    let usual = batches::usual_time(&mut conn, &found.distribution).await?;
    let site = match &distribution {
        Some(distribution) => SiteAddress::read(&mut conn, &app, distribution).await?,
        None => None,
    };
    let Checked { step, panel, is_awaited } =
        checked::read(&mut conn, &found, distribution.as_ref(), app.options.are_checks_on, now).await?;
    let warming = WarmingView::read(&mut conn, &app, &found).await?;
    let freezes = Freezes::read(&mut conn, &found, &batches, now).await?;
    let items = all_items(&batches);
    let demo_site = demo_site(&mut conn, &app, &visitor, &found, &items).await?;
    drop(conn);
    let any = |state: BatchState| batches.iter().any(|batch| batch.state == state && !batch.is_cut());
    let may_act =
        visitor.access.role.may_invalidate() && visitor.access.covers_all(&found.distribution, &items);
    let repeat = may_act.then(|| format!("/?repeat={id}"));
    let settings =
        (visitor.access.role == Role::Admin).then(|| format!("/distributions/{}/checks", found.distribution));
    let checks = panel.map(|panel| CheckPanel { settings, repeat, ..panel });
    let is_skipped = events.iter().any(|chained| chained.event.action == Action::BatchSkipped);
    let mut steps = parts::steps(&found, &batches, usual, waiting.as_ref(), is_skipped, now);
    let status = StatusView::of(&found);
    let outcome = parts::outcome(&found, &status, checks.is_some().then_some(&step), is_awaited);
    steps.push(step);
    frame.title = format!("{}: {}", status.words, found.title());
    view::page(&Page {
        frame,
        id: id.to_string(),
        title: found.title(),
        distribution_id: found.distribution.to_string(),
        distribution: distribution
            .as_ref()
            .map_or_else(|| found.distribution.to_string(), Distribution::shown_name),
        edge: distribution
            .as_ref()
            .filter(|distribution| !distribution.staging)
            .map(|distribution| distribution.domain_name.clone())
            .unwrap_or_default(),
        who: found.requested_by.name().to_owned(),
        approval: events.iter().find_map(|chained| parts::approval(&chained.event)),
        outside: found.requested_by.kind() == ActorKind::Outside,
        maker: maker.map(|(name, _)| name),
        when: When::new(found.requested_at, now),
        reason: pieces(app.options.tickets.as_ref(), &found.reason),
        expected: found.expected.label(),
        status,
        elapsed: parts::elapsed(&found, &batches, usual, now),
        is_over: parts::is_over(found.state),
        outcome,
        billed: batches
            .iter()
            .filter(|batch| batch.accepted_at.is_some())
            .map(|batch| batch.items.len())
            .sum(),
        took: found.took().map(span_in_words).unwrap_or_default(),
        steps,
        together,
        refused: RefusedView::new(&batches),
        troubles: parts::troubles(&batches, distribution.as_ref()),
        slow: parts::slow(&batches, now),
        batches: BatchesView::new(&batches),
        command: aws_cli::create_invalidation(&found.distribution, &items),
        items_hidden: items.len().saturating_sub(ITEMS_SHOWN),
        item_count: items.len(),
        items: items.into_iter().take(ITEMS_SHOWN).map(|item| ItemView::new(item, site.as_ref())).collect(),
        site: site.as_ref().map(SiteAddress::root),
        contradiction,
        held_back: wanted.held.is_some(),
        sent_before: wanted.sent.is_some(),
        events: parts::event_views(&events, now),
        may_act,
        can_check: visitor.access.role.may_invalidate() && checks.as_ref().is_some_and(|one| one.can_check),
        checks,
        warming,
        freezes,
        demo_site,
        can_cancel: may_act && any(BatchState::Queued),
        can_retry: may_act && any(BatchState::Failed),
    })
}

impl ItemView {
    fn new(item: Item, site: Option<&SiteAddress>) -> Self {
        let link = site.and_then(|site| site.page_of(&item));
        Self { item, link }
    }
}

/// The demo's site, if the invalidation is of its style sheet.
async fn demo_site(
    conn: &mut Conn,
    app: &AppState,
    visitor: &Visitor,
    found: &Invalidation,
    items: &[Item],
) -> Result<Option<DemoSite>, StoreError> {
    let is_of_demo =
        app.options.demo.as_ref().is_some_and(|demo| demo.distribution == found.distribution.as_str());
    if !is_of_demo || !demo::has_style_sheet(items) {
        return Ok(None);
    }
    demo::site(conn, app, visitor).await
}

fn all_items(batches: &[Batch]) -> Vec<Item> {
    let mut items: Vec<Item> = batches.iter().flat_map(|batch| batch.items.clone()).collect();
    items.sort();
    // An item appears twice if its batch was given up or cut in two, and another batch has it.
    items.dedup();
    items
}
