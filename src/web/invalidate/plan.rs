//! The plan below the form. It is updated while somebody types.

use askama::Template;
use axum::{
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Response},
};

use crate::{
    domain::{
        distributions::{distribution::Distribution, host::HostName, host_table::HostTable},
        id::DistributionId,
        invalidations::{
            batching::CLOUDFRONT,
            item::{Item, Mending},
            plan::{Drop, LINES_MAX, LineVerdict, Plan, PlanLine},
            price::FREE_A_MONTH,
        },
        time::Timestamp,
    },
    http::{error::HttpError, session::Visitor, state::AppState},
    store::distributions::{self, protections},
};

use super::{
    super::{
        checks,
        form::{Field, FormBody, LIST},
        view::{self, When},
    },
    RequestForm,
    guard::GuardView,
    load, page, work_out,
};

/// The number of lines of a plan that are shown. Lines with errors come first.
const SHOWN: usize = 100;

/// One line of the plan as the page shows it.
#[derive(Debug, Clone)]
pub struct LineView {
    /// `send`, `dropped` or `refused`
    pub kind: &'static str,
    pub text: String,
    pub note: String,
    pub doubt: String,
}

/// The plan as the page shows it.
#[derive(Debug, Clone, Default)]
pub struct PlanView {
    pub lines: Vec<LineView>,
    pub hidden: usize,
    pub refused: usize,
    pub too_many: Option<String>,
    pub warnings: Vec<String>,
    /// `3 billable paths`
    pub billable: String,
    pub cost: String,
    pub free: String,
    pub slots: String,
    pub batches: String,
    /// `Invalidate 3 paths`
    pub button: String,
    /// The chosen distribution: its state, its domain, and when it was last invalidated.
    pub distribution: Option<DistributionView>,
    /// What the protection of the distribution asks for.
    pub guard: Option<GuardView>,
}

/// The chosen distribution as the page shows it.
#[derive(Debug, Clone)]
pub struct DistributionView {
    pub state: &'static str,
    pub words: &'static str,
    pub domain: String,
    pub warning: Option<&'static str>,
    pub last: Option<When>,
    /// How many files of its buckets changed, and the address of the form with them.
    pub changed: Option<(String, String)>,
}

#[derive(Template)]
#[template(path = "invalidate/plan.html")]
struct PlanFragment {
    plan: PlanView,
}

/// `POST /plan`: only the plan if the script asks, the whole page otherwise. Nothing is stored.
pub async fn plan(
    State(app): State<AppState>,
    visitor: Visitor,
    headers: HeaderMap,
    FormBody(mut form): FormBody<RequestForm, LIST>,
) -> Result<Response, HttpError> {
    if let Some(fill) = form.fill.take() {
        form.items = fill.replace(' ', "\n");
    }
    if headers.contains_key("hx-request") {
        let plan = look(&app, &visitor, &form).await?;
        return Ok(view::page(&PlanFragment { plan })?.into_response());
    }
    let reason = Field::new(form.reason.clone());
    Ok(page::render(&app, &visitor, &form, reason, None).await?.into_response())
}

/// The plan of this form. It may have no distribution or no items yet.
pub async fn look(app: &AppState, visitor: &Visitor, form: &RequestForm) -> Result<PlanView, HttpError> {
    let now = app.context.clock.now();
    let mut conn = app.context.db.read().await?;
    let distribution = match DistributionId::parse(&form.distribution) {
        Some(id) => view::distribution(&mut conn, visitor, &id).await?,
        None => None,
    };
    let Some(distribution) = distribution else {
        return Ok(PlanView { button: "Invalidate".to_owned(), ..PlanView::default() });
    };
    let plan = work_out(&mut conn, app, visitor, &distribution, &form.items).await?;
    let last = distributions::last_requests(&mut conn, &[&distribution.id]).await?;
    let changed = checks::changed_link(&mut conn, visitor, &distribution.id).await?;
    let mut view = PlanView::new(&plan, now);
    if plan.refused().any(|(_, error)| error.host().is_some()) {
        view.name_the_right_distribution(&plan, &distributions::list(&mut conn).await?, visitor);
    }
    let protection = protections::find(&mut conn, &distribution.id).await?;
    view.guard = GuardView::new(&protection, &distribution, &plan, form, visitor.access.role);
    if view.guard.as_ref().is_some_and(|guard| guard.waits) && plan.is_sendable() {
        "Ask for approval".clone_into(&mut view.button);
    }
    let readiness = distribution.readiness();
    // The page shows this warning beside the distribution already.
    view.warnings.retain(|warning| Some(warning.as_str()) != readiness.warning());
    view.distribution = Some(DistributionView {
        state: readiness.as_str(),
        words: readiness.label(),
        domain: distribution.domain_name.clone(),
        warning: readiness.warning(),
        last: last.get(&distribution.id).map(|(at, _)| When::new(*at, now)),
        changed,
    });
    Ok(view)
}

impl PlanView {
    pub fn new(plan: &Plan, now: Timestamp) -> Self {
        let mut lines: Vec<&PlanLine> = plan.lines.iter().collect();
        lines.sort_by_key(|line| !matches!(line.verdict, LineVerdict::Refused(_)));
        let paths = counted(plan.billable(), "path");
        let used = plan.used_this_month;
        let (load, flying) = (load(plan), plan.in_flight);
        Self {
            hidden: lines.len().saturating_sub(SHOWN),
            lines: lines.into_iter().take(SHOWN).map(LineView::new).collect(),
            refused: plan.refused().count(),
            too_many: plan.too_many_lines.map(|count| {
                format!("These are {count} lines; one request takes at most {LINES_MAX}. Split them into several requests.")
            }),
            warnings: plan.warnings.clone(),
            billable: format!("{} billable {}", plan.billable(), if plan.billable() == 1 { "path" } else { "paths" }),
            cost: plan.cost().to_string(),
            free: format!("{} of {FREE_A_MONTH} free paths used in {}", used.min(FREE_A_MONTH), now.month_name()),
            slots: format!(
                "{} of {} wildcard slots in use{}",
                flying.wildcards,
                CLOUDFRONT.wildcards,
                if load.wildcards > 0 { format!(", {} more with this", load.wildcards) } else { String::new() }
            ),
            batches: match plan.batches.len() {
                0 | 1 => String::new(),
                many => format!("sent in {many} batches, as CloudFront's limits allow"),
            },
            button: if plan.is_sendable() { format!("Invalidate {paths}") } else { "Invalidate".to_owned() },
            distribution: None,
            guard: None,
        }
    }
}

impl PlanView {
    /// Adds the right distribution to the message of a line whose URL belongs to another one: probably the wrong
    /// distribution was chosen. Only distributions that the visitor may see are named.
    fn name_the_right_distribution(&mut self, plan: &Plan, all: &[Distribution], visitor: &Visitor) {
        let hosts = HostTable::of_living(all);
        let seen = |distribution: &&Distribution| visitor.access.sees(&distribution.id);
        for (line, error) in plan.refused() {
            let Some(host) = error.host().and_then(HostName::parse) else { continue };
            let owners = hosts.served_by(&host);
            let Some(right) = all.iter().filter(seen).find(|distribution| owners.contains(&distribution.id))
            else {
                continue;
            };
            let begin = format!("Line {} ", line.number);
            for shown in self.lines.iter_mut().filter(|shown| shown.note.starts_with(&begin)) {
                shown.note =
                    format!("{} It is served by {}: choose that one above.", shown.note, right.shown_name());
            }
        }
    }
}

impl LineView {
    fn new(line: &PlanLine) -> Self {
        let number = line.number;
        match &line.verdict {
            LineVerdict::Send { item, mendings, doubts } => Self {
                kind: "send",
                text: item.to_string(),
                note: notes(item, mendings),
                doubt: doubts.iter().map(|doubt| doubt.label()).collect::<Vec<_>>().join("; "),
            },
            LineVerdict::Dropped { item, why } => Self {
                kind: "dropped",
                text: item.to_string(),
                note: match why {
                    Drop::Repeats(first) => format!("the same as line {first}"),
                    Drop::CoveredBy(wildcard) => format!("already covered by {wildcard}"),
                },
                doubt: String::new(),
            },
            LineVerdict::Refused(error) => Self {
                kind: "refused",
                text: shortened(&line.typed),
                note: format!("Line {number} {error}."),
                doubt: String::new(),
            },
        }
    }
}

fn notes(item: &Item, mendings: &[Mending]) -> String {
    let mut notes: Vec<String> = mendings.iter().map(|mending| mending.label().to_owned()).collect();
    notes.extend(item.reach());
    notes.join("; ")
}

fn shortened(text: &str) -> String {
    const MOST: usize = 120;
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    let begin: String = text.chars().take(MOST).collect();
    format!("{begin}…")
}

/// `1 path`, `3 paths`
fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
