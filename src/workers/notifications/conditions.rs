//! What no event tells: a budget that was reached, an account that is paused, a history that is broken. Each is told once.

use crate::{
    domain::{
        invalidations::monthly_budget::{BudgetUsage, CountedMonths},
        notifications::{Channel, Notice, NoticeSubject, NotificationTopic},
        time::Timestamp,
    },
    store::{
        Conn, StoreError, accounts, audit, invalidations::monthly_budgets, notifications::messages::NewNotice,
    },
};

use super::collector::Happening;

/// All that holds now and that a channel is to be told of. What it was told already is not told again.
pub(super) async fn happenings(
    conn: &mut Conn,
    channels: &[Channel],
    now: Timestamp,
) -> Result<Vec<Happening>, StoreError> {
    let mut found = Vec::new();
    if is_wanted(channels, NotificationTopic::AccountPaused) {
        found.extend(paused_accounts(conn, now).await?);
    }
    if is_wanted(channels, NotificationTopic::HistoryBroken) {
        found.extend(broken_history(conn, now).await?);
    }
    // To sum up what is used of many budgets takes some time.
    if is_wanted(channels, NotificationTopic::BudgetReached) {
        found.extend(budgets(conn, now).await?);
    }
    Ok(found)
}

fn is_wanted(channels: &[Channel], topic: NotificationTopic) -> bool {
    let names_it = |channel: &Channel| channel.rules.iter().any(|rule| rule.topics.contains(&topic));
    channels.iter().any(|channel| channel.is_on && names_it(channel))
}

async fn paused_accounts(conn: &mut Conn, now: Timestamp) -> Result<Vec<Happening>, StoreError> {
    let mut found = Vec::new();
    for pause in accounts::paused(conn).await? {
        let detail = format!(
            "Nothing is sent to the AWS account {} since {} UTC: {}",
            pause.account,
            pause.since.to_the_minute(),
            pause.problem.kind.headline()
        );
        let key = format!("account {} {}", pause.account, pause.since.as_micros());
        found.push(of_server(NotificationTopic::AccountPaused, key, "/", detail, now));
    }
    Ok(found)
}

async fn broken_history(conn: &mut Conn, now: Timestamp) -> Result<Option<Happening>, StoreError> {
    let (_, checked) = audit::standing(conn).await?;
    Ok(checked.broken_at.map(|event| {
        let detail = format!("The history is broken at event {event}. Run: unstale audit verify");
        of_server(NotificationTopic::HistoryBroken, format!("history {event}"), "/history", detail, now)
    }))
}

async fn budgets(conn: &mut Conn, now: Timestamp) -> Result<Vec<Happening>, StoreError> {
    let months = CountedMonths::new(now, now);
    let mut found = Vec::new();
    for budget in monthly_budgets::list(conn).await? {
        let month = months.of(budget.scope.kind);
        let used = monthly_budgets::used(conn, &budget.scope, month).await?;
        let usage = BudgetUsage { budget, month, used };
        let bounds = [("soft", usage.budget.soft_items), ("hard", usage.budget.hard_items)];
        for (kind, most) in bounds.into_iter().filter_map(|(kind, most)| Some((kind, most?))) {
            if used >= most {
                found.push(budget_reached(&usage, kind, most, now));
            }
        }
    }
    Ok(found)
}

fn budget_reached(usage: &BudgetUsage, kind: &str, most: u64, now: Timestamp) -> Happening {
    let BudgetUsage { budget, month, used } = usage;
    let scope = &budget.scope;
    let detail = format!(
        "{} {}: {used} of the {kind} budget of {most} items are used in {}.",
        scope.kind.label(),
        budget.name,
        now.month_name()
    );
    let key =
        format!("budget {} {} {kind} {most} {}", scope.kind.as_str(), scope.id, month.start.as_micros());
    of_server(NotificationTopic::BudgetReached, key, "/settings/budgets", detail, now)
}

/// Something that is about no distribution and that nobody requested.
fn of_server(topic: NotificationTopic, key: String, path: &str, detail: String, now: Timestamp) -> Happening {
    let notice = Notice { at: now.to_string(), path: path.to_owned(), detail, ..Notice::default() };
    let new = NewNotice { topic, key, run: String::new(), invalidation: None, notice };
    Happening { subject: NoticeSubject::default(), notice: new }
}
