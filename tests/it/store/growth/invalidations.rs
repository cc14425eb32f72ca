//! Invalidations, their batches, proposals and keys.

use unstale::{
    domain::{
        access::Access,
        actor::{Actor, ActorKind},
        checks::ExpectedContent,
        id::{
            BatchId, CallerReference, CloudFrontInvalidationId, FreezeId, InvalidationId, PersonId,
            ProposalId, RequestKey,
        },
        invalidations::{
            batching::Load,
            invalidation::InvalidationState,
            monthly_budget::{BudgetKind, BudgetScope, CountedMonths, Month},
        },
        time::Timestamp,
    },
    store::{
        Tx,
        distributions::{self, drift},
        invalidations::{
            self, DueWithin, InvalidationFilter, batches, cloudtrail, freezes, idempotency, monthly_budgets,
            needs_a_look, outside, proposals, queue, trace_parents, unsettled, waiting,
        },
    },
};

use super::{
    super::given::{ACCOUNT, id},
    Measured,
    filled::{OFTEN, RARE},
    measure,
};
use crate::support::{START, actor, seconds};

const NOW: Timestamp = START;

fn earlier(hours: u64) -> Timestamp {
    NOW.minus(seconds(hours * 3_600))
}

/// Reads of single rows, of one distribution, and of what waits.
pub async fn measure_rows(tx: &mut Tx, size: i64) -> Measured {
    let mut measured = Measured::new();
    measure_requests(tx, size, &mut measured).await;
    measure_batches(tx, size, &mut measured).await;
    measure_budgets(tx, &mut measured).await;
    measure_freezes(tx, size, &mut measured).await;
    let (ada, proposal) = (actor(), ProposalId::from_trusted("o100"));
    let key = RequestKey::from_trusted("ok100");
    measure!(
        measured,
        tx,
        |conn| proposals::find(conn, &proposal, NOW),
        proposals::find_by_key(conn, &key, NOW),
        proposals::waiting_of(conn, &ada, NOW),
        proposals::waiting_at(conn, &id(OFTEN), 20, NOW),
        waiting::invalidations_of(conn, &ada, 20),
        waiting::proposals_of(conn, &ada, NOW, 20),
        waiting::counts(conn, ActorKind::Person, NOW),
        waiting::counts(conn, ActorKind::Token, NOW),
        idempotency::find(conn, &RequestKey::from_trusted("k100")),
        cloudtrail::read(conn),
        cloudtrail::span(conn, earlier(100)),
        cloudtrail::find(conn, &id(OFTEN), &CloudFrontInvalidationId::from_trusted("C100")),
        outside::find(conn, &id(OFTEN)),
        outside::next(conn),
    );
    measured
}

async fn measure_requests(tx: &mut Tx, size: i64, measured: &mut Measured) {
    let one = InvalidationId::from_trusted("i100");
    let waits = InvalidationId::from_trusted(format!("i{size}"));
    let ids = [one.clone(), waits.clone(), InvalidationId::from_trusted("none")];
    let due = DueWithin { after: earlier(24), until: NOW, asked_until: NOW };
    let ada = actor();
    let ids_of_places = [&id(OFTEN), &id(RARE)];
    measure!(
        measured,
        tx,
        |conn| invalidations::spent_between(conn, &ada, earlier(24), NOW),
        invalidations::find(conn, &one),
        invalidations::find_all(conn, &ids),
        invalidations::find_by_key(conn, &RequestKey::from_trusted("k100")),
        invalidations::same_due_within(conn, &id(OFTEN), "sha256", ExpectedContent::NewVersion, false, due),
        invalidations::of_distribution(conn, &id(OFTEN), 20),
        needs_a_look::next_number(conn, &one),
        trace_parents::of(conn, &ids),
        queue::place(conn, &waits),
        queue::places(conn, &[&waits, &one]),
        queue::place_of_new(conn, &id(OFTEN), Load::default(), NOW),
        queue::place_of_new(conn, &id(RARE), Load::default(), NOW),
        distributions::last_requests(conn, &ids_of_places),
        distributions::last_used_by(conn, &ada),
        drift::last_request(conn, &id(OFTEN)),
        drift::last_request(conn, &id(RARE)),
        drift::earlier_config(conn, &id(OFTEN)),
    );
}

async fn measure_batches(tx: &mut Tx, size: i64, measured: &mut Measured) {
    let one = InvalidationId::from_trusted("i100");
    let waits = InvalidationId::from_trusted(format!("i{size}"));
    let ids = [one.clone(), waits.clone(), InvalidationId::from_trusted("none")];
    let at_aws =
        [CloudFrontInvalidationId::from_trusted("C100"), CloudFrontInvalidationId::from_trusted("none")];
    measure!(
        measured,
        tx,
        |conn| batches::find(conn, &BatchId::from_trusted("b100")),
        batches::is_known_reference(conn, &id("E1"), &CallerReference::from_trusted("r100")),
        batches::sent_for(conn, &BatchId::from_trusted("b100")),
        batches::served(conn, &BatchId::from_trusted("b100")),
        batches::sent_together(conn, &one),
        batches::unsent(conn, &[&BatchId::from_trusted("b100")]),
        batches::of_invalidation(conn, &one),
        batches::of_invalidations(conn, &ids),
        batches::items_of(conn, &one),
        batches::waiting(conn, 20),
        batches::taken_between(conn, ACCOUNT, earlier(100), NOW),
        batches::usual_time(conn, &id(OFTEN)),
        batches::usual_time(conn, &id(RARE)),
        batches::known(conn, &id(OFTEN), &at_aws),
        batches::taken_before(conn, &id(OFTEN), &waits),
        batches::in_flight(conn, &id(OFTEN)),
        batches::loads_in_flight(conn, &[&id(OFTEN), &id(RARE)]),
        batches::usual_times(conn, &[&id(OFTEN), &id(RARE)]),
        batches::refreshed(conn, &id(OFTEN), 20),
        batches::refreshed(conn, &id(RARE), 20),
        batches::refreshed_since(conn, &id(OFTEN), earlier(100), 20),
        batches::unfinished(conn, &id(OFTEN)),
        batches::unfinished(conn, &id(RARE)),
        batches::sendable(conn, NOW),
        batches::candidates(conn, &id(OFTEN), NOW),
        batches::next_due(conn),
        batches::watched(conn, &id(OFTEN)),
        batches::next_look(conn),
        batches::accepted_since(conn, &id(OFTEN), NOW),
        unsettled::work(conn),
        distributions::poll_due(conn, NOW),
    );
}

/// What is used of budgets, in months of a hundred hours.
async fn measure_budgets(tx: &mut Tx, measured: &mut Measured) {
    let ada = Actor::person(&PersonId::from_trusted("p1"), "p1@example.com");
    let month = Month { start: earlier(100), end: NOW };
    let months = CountedMonths { made: month, sent: month };
    let scope = |kind, id: &str| BudgetScope { kind, id: id.to_owned() };
    measure!(
        measured,
        tx,
        |conn| monthly_budgets::list(conn),
        monthly_budgets::find(conn, &scope(BudgetKind::Account, ACCOUNT)),
        monthly_budgets::applying(conn, &id(OFTEN), &ada, months),
        monthly_budgets::used(conn, &scope(BudgetKind::Account, ACCOUNT), months.sent),
        monthly_budgets::used(conn, &scope(BudgetKind::Distribution, OFTEN), months.sent),
        monthly_budgets::used(conn, &scope(BudgetKind::Group, "g1"), months.made),
        monthly_budgets::used(conn, &scope(BudgetKind::Person, "p1"), months.made),
        monthly_budgets::used(conn, &scope(BudgetKind::Token, "t1"), months.made),
        monthly_budgets::resolve(conn, BudgetKind::Account, ACCOUNT),
        monthly_budgets::resolve(conn, BudgetKind::Distribution, OFTEN),
        monthly_budgets::resolve(conn, BudgetKind::Group, "q100"),
        monthly_budgets::resolve(conn, BudgetKind::Person, "p100@example.com"),
        monthly_budgets::resolve(conn, BudgetKind::Token, "t100"),
    );
}

/// Freeze windows, of which there are few, and what waits for a time.
async fn measure_freezes(tx: &mut Tx, size: i64, measured: &mut Measured) {
    let (one, waits) =
        (InvalidationId::from_trusted("i100"), InvalidationId::from_trusted(format!("i{size}")));
    let window = FreezeId::from_trusted("f1");
    measure!(
        measured,
        tx,
        |conn| freezes::ending_after(conn, earlier(100)),
        freezes::in_force(conn, NOW),
        freezes::find(conn, &window),
        freezes::count(conn),
        freezes::overridden(conn, &one),
        freezes::waiting(conn, 20),
        freezes::waiting_of(conn, &waits),
        freezes::waiting_of(conn, &one),
    );
}

/// Lists that show somebody what they may see.
pub async fn measure_lists(tx: &mut Tx, access: &Access) -> Measured {
    let mut measured = Measured::new();
    let whole = InvalidationFilter::default();
    let failed = InvalidationFilter { state: Some(InvalidationState::Failed), ..whole.clone() };
    let cancelled = InvalidationFilter { state: Some(InvalidationState::Cancelled), ..whole.clone() };
    let queued = InvalidationFilter { state: Some(InvalidationState::Queued), ..whole.clone() };
    let completed = InvalidationFilter { state: Some(InvalidationState::Completed), ..whole.clone() };
    let after =
        InvalidationFilter { after: Some((earlier(50), InvalidationId::from_trusted("i"))), ..whole.clone() };
    let here = InvalidationFilter { distribution: Some(id(OFTEN)), ..failed.clone() };
    measure!(
        measured,
        tx,
        |conn| invalidations::active(conn, access, 20),
        invalidations::recent(conn, access, 10),
        invalidations::page(conn, access, &whole, 50),
        invalidations::page(conn, access, &failed, 50),
        invalidations::page(conn, access, &cancelled, 50),
        invalidations::page(conn, access, &queued, 50),
        invalidations::page(conn, access, &completed, 50),
        invalidations::page(conn, access, &after, 50),
        invalidations::page(conn, access, &here, 50),
        proposals::recent(conn, access, 50, NOW),
        proposals::waiting_for(conn, &PersonId::from_trusted("p1"), access, NOW),
        distributions::known(conn, access),
        distributions::page(conn, access, None, 50),
        distributions::most_used(conn, access, 100, 20),
    );
    measured
}
