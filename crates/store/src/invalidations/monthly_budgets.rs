//! Stores the budgets of a month, and counts what is used of them.
//!
//! A batch counts as long as it may still be sent, and for good once CloudFront took it: not if it was cancelled or refused.

use unstale_domain::{
    actor::Actor,
    id::DistributionId,
    invalidations::monthly_budget::{
        BUDGETS_MAX, BudgetKind, BudgetScope, BudgetUsage, CountedMonths, Month, MonthlyBudget,
    },
};

use crate::{
    Conn, StoreError, Tx,
    columns::signed,
    db::{execute, fetch_all, fetch_one, fetch_optional},
};

macro_rules! select {
    ($($rest:tt)*) => {
        concat!(
            "SELECT m.scope_kind, m.scope_id, m.soft_items, m.hard_items,
                 COALESCE(CASE m.scope_kind
                     WHEN 'person' THEN (SELECT p.email FROM person p WHERE p.id = m.scope_id)
                     WHEN 'token' THEN (SELECT t.name FROM api_token t WHERE t.id = m.scope_id)
                 END, m.scope_id) AS name
             FROM monthly_budget m ",
            $($rest)*
        )
    };
}

#[derive(sqlx_macros::FromRow)]
struct Row {
    scope_kind: String,
    scope_id: String,
    soft_items: Option<i64>,
    hard_items: Option<i64>,
    name: String,
}

impl Row {
    fn into_budget(self) -> Result<MonthlyBudget, StoreError> {
        let kind = BudgetKind::parse(&self.scope_kind)
            .ok_or_else(|| StoreError::unreadable("a budget's scope", &self.scope_kind))?;
        let items = |items: Option<i64>| items.map(|items| u64::try_from(items).unwrap_or(0));
        Ok(MonthlyBudget {
            scope: BudgetScope { kind, id: self.scope_id },
            name: self.name,
            soft_items: items(self.soft_items),
            hard_items: items(self.hard_items),
        })
    }
}

/// All budgets, ordered by what they are for.
pub async fn list(conn: &mut Conn) -> Result<Vec<MonthlyBudget>, StoreError> {
    let rows =
        fetch_all!(conn, Row, select!("ORDER BY m.scope_kind, m.scope_id LIMIT $1"), signed(BUDGETS_MAX))?;
    rows.into_iter().map(Row::into_budget).collect()
}

pub async fn find(conn: &mut Conn, scope: &BudgetScope) -> Result<Option<MonthlyBudget>, StoreError> {
    let row = fetch_optional!(
        conn,
        Row,
        select!("WHERE m.scope_kind = $1 AND m.scope_id = $2"),
        scope.kind.as_str(),
        scope.id.as_str(),
    )?;
    row.map(Row::into_budget).transpose()
}

/// Adds a budget, or replaces the numbers of the one that there is.
pub async fn set(tx: &mut Tx, new: &MonthlyBudget) -> Result<(), StoreError> {
    let items = |items: Option<u64>| items.map(|items| i64::try_from(items).unwrap_or(i64::MAX));
    execute!(
        tx,
        "INSERT INTO monthly_budget (scope_kind, scope_id, soft_items, hard_items) VALUES ($1, $2, $3, $4)
         ON CONFLICT (scope_kind, scope_id) DO UPDATE SET soft_items = $3, hard_items = $4",
        new.scope.kind.as_str(),
        new.scope.id.as_str(),
        items(new.soft_items),
        items(new.hard_items),
    )?;
    Ok(())
}

/// Removes a budget. `false` if there was none.
pub async fn remove(tx: &mut Tx, scope: &BudgetScope) -> Result<bool, StoreError> {
    let removed = execute!(
        tx,
        "DELETE FROM monthly_budget WHERE scope_kind = $1 AND scope_id = $2",
        scope.kind.as_str(),
        scope.id.as_str(),
    )?;
    Ok(removed == 1)
}

/// What a budget of this kind may be for: an account, distribution or token by its ID, a group by its name, a person by
/// their e-mail address; people and tokens by the other of the two as well. Gives the ID and the name.
pub async fn resolve(
    conn: &mut Conn,
    kind: BudgetKind,
    named: &str,
) -> Result<Option<(String, String)>, StoreError> {
    let sql = match kind {
        BudgetKind::Account => "SELECT id, id AS name FROM account WHERE id = $1 AND id <> ''",
        BudgetKind::Distribution => "SELECT id, id AS name FROM distribution WHERE id = $1",
        BudgetKind::Group => {
            "SELECT name AS id, name FROM local_group WHERE name = $1
             UNION SELECT group_name AS id, group_name AS name FROM person_group
             WHERE group_name = $1 AND source = 'provider' LIMIT 1"
        }
        BudgetKind::Person => "SELECT id, email AS name FROM person WHERE id = $1 OR email = $1",
        BudgetKind::Token => {
            "SELECT id, name FROM api_token WHERE (id = $1 OR name = $1) AND revoked_at IS NULL"
        }
    };
    fetch_optional!(conn, (String, String), sql, named)
}

/// The budgets that apply to what somebody requests on a distribution, each with what is used of it.
pub async fn applying(
    conn: &mut Conn,
    distribution: &DistributionId,
    requested_by: &Actor,
    months: CountedMonths,
) -> Result<Vec<BudgetUsage>, StoreError> {
    let rows = fetch_all!(
        conn,
        Row,
        select!(
            "WHERE m.scope_kind = 'account' AND m.scope_id = (SELECT d.account_id FROM distribution d WHERE d.id = $1)
                OR m.scope_kind = 'distribution' AND m.scope_id = $1
                OR m.scope_kind = $2 AND m.scope_id = $3 AND m.scope_kind IN ('person', 'token')
                OR m.scope_kind = 'group' AND $2 = 'person' AND EXISTS (
                    SELECT 1 FROM person_group g WHERE g.person_id = $3 AND g.group_name = m.scope_id)
             ORDER BY m.scope_kind, m.scope_id"
        ),
        distribution.as_str(),
        requested_by.kind().as_str(),
        requested_by.id(),
    )?;
    let mut usages = Vec::with_capacity(rows.len());
    for row in rows {
        let budget = row.into_budget()?;
        let month = months.of(budget.scope.kind);
        let used = used(conn, &budget.scope, month).await?;
        usages.push(BudgetUsage { budget, month, used });
    }
    Ok(usages)
}

/// As [`applying`], for a request that is accepted in this transaction: until it ends, no other request is accepted that a
/// hard budget might refuse.
pub async fn hold(
    tx: &mut Tx,
    distribution: &DistributionId,
    requested_by: &Actor,
    months: CountedMonths,
) -> Result<Vec<BudgetUsage>, StoreError> {
    lock(tx).await?;
    applying(tx, distribution, requested_by, months).await
}

/// Locks the hard budgets until the transaction ends: all of them and before other rows, so that two transactions never
/// wait for each other. On SQLite no other transaction writes meanwhile.
pub(crate) async fn lock(tx: &mut Tx) -> Result<(), StoreError> {
    if tx.is_postgres() {
        execute!(
            tx,
            "SELECT 1 FROM monthly_budget WHERE hard_items IS NOT NULL
             ORDER BY scope_kind, scope_id FOR UPDATE"
        )?;
    }
    Ok(())
}

/// The sum of the items of the batches that count, of what was requested in the month. Each invalidation is asked by itself
/// for its batches: PostgreSQL would rather read all batches than join so many.
macro_rules! requested {
    ($from:literal, $whose:literal) => {
        concat!(
            "SELECT CAST(COALESCE(SUM((SELECT SUM(b.path_count + b.wildcard_count) FROM batch b
                 WHERE b.invalidation_id = i.id AND b.state NOT IN ('cancelled', 'failed'))), 0) AS BIGINT) FROM ",
            $from,
            "invalidation i WHERE ",
            $whose,
            " AND i.requested_at >= $2 AND i.requested_at < $3"
        )
    };
}

/// The same of what is sent in the month.
macro_rules! sent {
    ($from:literal, $where:literal) => {
        concat!(
            "SELECT CAST(COALESCE(SUM(b.path_count + b.wildcard_count), 0) AS BIGINT) FROM ",
            $from,
            "batch b WHERE ",
            $where,
            " AND COALESCE(b.accepted_at, b.due_at) >= $2 AND COALESCE(b.accepted_at, b.due_at) < $3
               AND b.state NOT IN ('cancelled', 'failed', 'merged')"
        )
    };
}

/// How many items count for a budget in a month.
pub async fn used(conn: &mut Conn, scope: &BudgetScope, month: Month) -> Result<u64, StoreError> {
    let sql = match scope.kind {
        BudgetKind::Account => {
            sent!("distribution d CROSS JOIN ", "d.account_id = $1 AND b.distribution_id = d.id")
        }
        BudgetKind::Distribution => sent!("", "b.distribution_id = $1"),
        BudgetKind::Group => requested!(
            "(SELECT DISTINCT person_id FROM person_group WHERE group_name = $1) g CROSS JOIN ",
            "i.actor_kind = 'person' AND i.actor_id = g.person_id"
        ),
        BudgetKind::Person => requested!("", "i.actor_kind = 'person' AND i.actor_id = $1"),
        BudgetKind::Token => requested!("", "i.actor_kind = 'token' AND i.actor_id = $1"),
    };
    let (from, until) = (month.start.as_micros(), month.end.as_micros());
    let (items,) = fetch_one!(conn, (i64,), sql, scope.id.as_str(), from, until)?;
    Ok(u64::try_from(items).unwrap_or(0))
}
