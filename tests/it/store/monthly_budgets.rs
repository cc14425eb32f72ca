//! Budgets of a month, and what counts for them.

use unstale::{
    domain::{
        actor::Actor,
        id::PersonId,
        invalidations::monthly_budget::{BudgetKind, BudgetScope, CountedMonths, MonthlyBudget},
        time::Timestamp,
    },
    store::{
        access::local_groups,
        invalidations::{batches, monthly_budgets},
        sign_in::people,
    },
};

use super::given::{ACCOUNT, distributions, id, request};
use crate::support::{Database, actor, at, on_each_engine, person};

fn budget(kind: BudgetKind, of: &str, soft: Option<u64>, hard: Option<u64>) -> MonthlyBudget {
    let scope = BudgetScope { kind, id: of.to_owned() };
    MonthlyBudget { scope, name: of.to_owned(), soft_items: soft, hard_items: hard }
}

async fn set(database: &Database, new: &MonthlyBudget) {
    database.write(async |tx| monthly_budgets::set(tx, new).await).await;
}

fn now() -> CountedMonths {
    CountedMonths::new(at(9), at(9))
}

async fn a_budget_is_set_replaced_and_removed(database: &Database) {
    let mut new = budget(BudgetKind::Account, ACCOUNT, Some(5), None);
    let find = async || database.get(async |conn| monthly_budgets::find(conn, &new.scope).await).await;
    assert_eq!(find().await, None);
    set(database, &new).await;
    assert_eq!(find().await, Some(new.clone()));
    let scope = new.scope.clone();
    (new.soft_items, new.hard_items) = (Some(7), Some(9));
    set(database, &new).await;
    assert_eq!(database.get(async |conn| monthly_budgets::list(conn).await).await, [new]);
    let remove = async || database.write(async |tx| monthly_budgets::remove(tx, &scope).await).await;
    assert_eq!((remove().await, remove().await), (true, false));
}

async fn what_a_budget_is_for_is_found_by_what_people_call_it(database: &Database) {
    distributions(database, &["E1"]).await;
    let bob = person("bob@example.com", unstale::domain::access::Role::Operator);
    database.write(async |tx| people::insert(tx, &bob, "").await).await;
    database.write(async |tx| local_groups::insert(tx, "docs", at(0)).await).await;
    let resolve = async |kind, named: &str| {
        database.get(async |conn| monthly_budgets::resolve(conn, kind, named).await).await
    };
    let same = |text: &str| Some((text.to_owned(), text.to_owned()));
    assert_eq!(resolve(BudgetKind::Account, ACCOUNT).await, same(ACCOUNT));
    assert_eq!(resolve(BudgetKind::Distribution, "E1").await, same("E1"));
    assert_eq!(resolve(BudgetKind::Group, "docs").await, same("docs"));
    let named_bob = Some((bob.id.to_string(), "bob@example.com".to_owned()));
    assert_eq!(resolve(BudgetKind::Person, "bob@example.com").await, named_bob);
    assert_eq!(resolve(BudgetKind::Person, bob.id.as_str()).await, named_bob);
    for kind in BudgetKind::ALL {
        assert_eq!(resolve(kind, "nobody").await, None, "{kind:?}");
        assert_eq!(resolve(kind, "").await, None, "{kind:?}");
    }
    set(database, &budget(BudgetKind::Person, bob.id.as_str(), None, Some(1))).await;
    let listed = database.get(async |conn| monthly_budgets::list(conn).await).await;
    assert_eq!(listed[0].name, "bob@example.com");
}

/// What is used of each budget that applies to what this actor requests of `E1`.
async fn used(database: &Database, by: &Actor, months: CountedMonths) -> Vec<(BudgetKind, u64)> {
    let held = database.write(async |tx| monthly_budgets::hold(tx, &id("E1"), by, months).await).await;
    let read = database.get(async |conn| monthly_budgets::applying(conn, &id("E1"), by, months).await).await;
    assert_eq!(held, read);
    for usage in &read {
        let month = months.of(usage.budget.scope.kind);
        let alone =
            database.get(async |conn| monthly_budgets::used(conn, &usage.budget.scope, month).await).await;
        assert_eq!(alone, usage.used);
    }
    read.iter().map(|usage| (usage.budget.scope.kind, usage.used)).collect()
}

async fn each_scope_counts_what_is_its_own(database: &Database) {
    distributions(database, &["E1", "E2"]).await;
    let Actor::Person { id: ada, .. } = actor() else { panic!("not a person") };
    let new = person("ada@example.com", unstale::domain::access::Role::Operator);
    let (bob, other) =
        (person("bob@example.com", new.role), Actor::person(&PersonId::from_trusted("p9"), ""));
    for one in [&unstale::domain::sign_in::person::Person { id: ada.clone(), ..new.clone() }, &bob] {
        database.write(async |tx| people::insert(tx, one, "").await).await;
    }
    database.write(async |tx| local_groups::insert(tx, "docs", at(0)).await).await;
    database.write(async |tx| local_groups::add_member(tx, "docs", &ada).await).await;
    for one in [
        budget(BudgetKind::Account, ACCOUNT, None, Some(100)),
        budget(BudgetKind::Account, "999999999999", None, Some(100)),
        budget(BudgetKind::Distribution, "E1", Some(100), None),
        budget(BudgetKind::Distribution, "E2", None, Some(100)),
        budget(BudgetKind::Group, "docs", None, Some(100)),
        budget(BudgetKind::Group, "others", None, Some(100)),
        budget(BudgetKind::Person, ada.as_str(), None, Some(100)),
        budget(BudgetKind::Person, bob.id.as_str(), None, Some(100)),
        budget(BudgetKind::Token, ada.as_str(), None, Some(100)),
    ] {
        set(database, &one).await;
    }
    request(database, "E1", 1, &[&["/a", "/b*"], &["/c"]]).await;
    request(database, "E2", 2, &[&["/d"]]).await;
    let all = [
        (BudgetKind::Account, 4),
        (BudgetKind::Distribution, 3),
        (BudgetKind::Group, 4),
        (BudgetKind::Person, 4),
    ];
    assert_eq!(used(database, &actor(), now()).await, all);
    assert_eq!(used(database, &other, now()).await, all[..2], "nobody's own budget");
    let bobs = used(database, &Actor::person(&bob.id, &bob.email), now()).await;
    assert_eq!(bobs, [all[0], all[1], (BudgetKind::Person, 0)]);
}

async fn what_was_cancelled_or_refused_does_not_count(database: &Database) {
    distributions(database, &["E1"]).await;
    set(database, &budget(BudgetKind::Distribution, "E1", None, Some(100))).await;
    let new = request(database, "E1", 1, &[&["/a"], &["/b"]]).await;
    let count = async |months| used(database, &actor(), months).await[0].1;
    assert_eq!(count(now()).await, 2);
    database.write(async |tx| batches::cancel_queued(tx, &new.id).await).await;
    assert_eq!(count(now()).await, 0);
    let sent = request(database, "E1", 2, &[&["/a"], &["/b"]]).await;
    let refuse =
        format!("UPDATE batch SET state = 'failed' WHERE invalidation_id = '{}' AND number = 1", sent.id);
    database.raw().await.run(&refuse).await.unwrap();
    assert_eq!(count(now()).await, 1);
    database.write(async |tx| batches::requeue_failed(tx, &sent.id, at(5)).await).await;
    assert_eq!(count(now()).await, 2);
}

async fn a_month_counts_what_is_due_or_was_taken_in_it(database: &Database) {
    distributions(database, &["E1"]).await;
    set(database, &budget(BudgetKind::Distribution, "E1", None, Some(100))).await;
    set(database, &budget(BudgetKind::Person, actor().id(), None, Some(100))).await;
    request(database, "E1", 1, &[&["/a"]]).await;
    let later = Timestamp::parse("2026-12-02T00:00:00Z").unwrap();
    let move_due = format!("UPDATE batch SET due_at = {}", later.as_micros());
    database.raw().await.run(&move_due).await.unwrap();
    let both = |site, person| [(BudgetKind::Distribution, site), (BudgetKind::Person, person)];
    assert_eq!(used(database, &actor(), now()).await, both(0, 1));
    assert_eq!(used(database, &actor(), CountedMonths::new(at(9), later)).await, both(1, 1));
    assert_eq!(used(database, &actor(), CountedMonths::new(later, later)).await, both(1, 0));
    let took = format!("UPDATE batch SET state = 'in_progress', accepted_at = {}", at(8).as_micros());
    database.raw().await.run(&took).await.unwrap();
    assert_eq!(used(database, &actor(), now()).await, both(1, 1), "it was taken earlier than it was due");
}

on_each_engine!(
    a_budget_is_set_replaced_and_removed,
    what_a_budget_is_for_is_found_by_what_people_call_it,
    each_scope_counts_what_is_its_own,
    what_was_cancelled_or_refused_does_not_count,
    a_month_counts_what_is_due_or_was_taken_in_it,
);
