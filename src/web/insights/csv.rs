//! `GET /insights.csv`: a table of a month as a file.

use std::{
    collections::{BTreeSet, HashMap},
    iter,
};

use axum::{body::Bytes, extract::State, response::Response};

use crate::{
    domain::{
        audit::export::{BYTE_ORDER_MARK, Form, inert_csv_row},
        distributions::distribution::Distribution,
        id::DistributionId,
        insights::{CountKind, DailySum, Day, DayRange, range_start},
    },
    http::{error::HttpError, params::QueryParams, session::Visitor, state::AppState},
    store::{Conn, StoreError, distributions, insights},
    web::export::{self, ExportParts},
};

use super::{
    bills, months,
    page::InsightsQuery,
    reading::{self, REQUESTERS},
    tables::what_and_cause,
};

/// The most rows of a table that is ordered by its largest numbers.
const ROWS_MAX: usize = 10_000;

const DAYS: &[&str] = &[
    "day",
    "distribution",
    "name",
    "account",
    "invalidations",
    "invalidations_outside",
    "items",
    "paths",
    "paths_outside",
    "fresh",
    "unchanged",
    "stale",
    "broken",
    "unclear",
    "large_requests",
    "large_request_paths",
    "wildcards_would_save",
    "tags_would_save",
];

/// The tables that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Table {
    /// Each day and distribution.
    Days,
    Completion,
    Accounts,
    Items,
    Requesters,
    Wildcards,
    Failures,
}

impl Table {
    const ALL: [Self; 7] = [
        Self::Days,
        Self::Completion,
        Self::Accounts,
        Self::Items,
        Self::Requesters,
        Self::Wildcards,
        Self::Failures,
    ];

    /// The word of the address and of the file's name.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Days => "days",
            Self::Completion => "completion",
            Self::Accounts => "accounts",
            Self::Items => "items",
            Self::Requesters => "requesters",
            Self::Wildcards => "wildcards",
            Self::Failures => "failures",
        }
    }

    const fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Days => DAYS,
            Self::Completion => &["from_seconds", "until_seconds", "invalidations"],
            Self::Accounts => {
                &["account", "paths", "flat_rate_paths", "dollars", "forecast_paths", "forecast_dollars"]
            }
            Self::Items => &["distribution", "item", "invalidations"],
            Self::Requesters => &["kind", "name", "invalidations", "paths"],
            Self::Wildcards => {
                &["distribution", "wildcard", "invalidations", "paths", "would_save", "most_paths", "most_on"]
            }
            Self::Failures => &["what", "cause", "batches"],
        }
    }

    fn parse(word: &str) -> Result<Self, HttpError> {
        let word = if word.is_empty() { Self::Days.as_str() } else { word };
        let known = Self::ALL.into_iter().find(|table| table.as_str() == word);
        let words = Self::ALL.map(Self::as_str).join(", ");
        known
            .ok_or_else(|| HttpError::BadRequest(format!("There is no such table. The tables are: {words}.")))
    }
}

type Seen<'a> = Option<&'a BTreeSet<DistributionId>>;

pub async fn send(
    State(app): State<AppState>,
    visitor: Visitor,
    QueryParams(wanted): QueryParams<InsightsQuery>,
) -> Result<Response, HttpError> {
    let now = app.context.clock.now();
    let (month, table) = (months::read(&wanted.month, now)?, Table::parse(&wanted.table)?);
    let seen = reading::seen(&visitor);
    let mut conn = app.context.db.read().await?;
    let (days, rows) = match table {
        Table::Days => {
            let all = distributions::list(&mut conn).await?;
            let about = |one: Distribution| {
                let facts = (one.shown_name(), one.account().to_owned());
                (one.id, facts)
            };
            let known = all.into_iter().map(about).collect();
            (Some(DayRows { app: app.clone(), seen, days: month, known }), Vec::new())
        }
        Table::Accounts => {
            let accounts = insights::account_months(&mut conn, month, seen.as_ref()).await?;
            (None, account_rows(&bills::bills(&accounts, month, now)))
        }
        other => (None, rows(&mut conn, other, month, seen.as_ref()).await?),
    };
    drop(conn);
    let heads = table.columns().iter().map(|column| (*column).to_owned());
    let mut opening = [BYTE_ORDER_MARK, &inert_csv_row(heads)].concat();
    for row in rows {
        opening.extend(inert_csv_row(row));
    }
    let name = format!("unstale-insights-{}-{}.csv", table.as_str(), months::word(month));
    export::file(&name, Form::Csv.content_type(), opening, InsightsFile(days)).await
}

/// What is still to be sent: the days, if the table has them.
struct InsightsFile(Option<DayRows>);

/// The days of a month that are still to be sent, with the name and the account of each distribution.
struct DayRows {
    app: AppState,
    seen: Option<BTreeSet<DistributionId>>,
    days: DayRange,
    known: HashMap<DistributionId, (String, String)>,
}

impl ExportParts for InsightsFile {
    async fn next(&mut self) -> Result<Option<Bytes>, StoreError> {
        let Some(rows) = &mut self.0 else { return Ok(None) };
        while rows.days.from < rows.days.until {
            let day = rows.days.from;
            rows.days.from = day.next();
            let mut conn = rows.app.context.db.read().await?;
            let sums = insights::distribution_sums(&mut conn, DayRange::day(day), rows.seen.as_ref()).await?;
            drop(conn);
            let part: Vec<u8> =
                sums.iter().flat_map(|(id, sum)| inert_csv_row(rows.row(day, id, sum))).collect();
            if !part.is_empty() {
                return Ok(Some(part.into()));
            }
        }
        Ok(None)
    }

    fn broken_off(&self) -> &'static [u8] {
        Form::Csv.broken_off()
    }
}

impl DayRows {
    fn row(&self, day: Day, id: &DistributionId, sum: &DailySum) -> Vec<String> {
        let (name, account) = self.known.get(id).cloned().unwrap_or_default();
        let numbers = [
            sum.requested,
            sum.outside,
            sum.items,
            sum.paths,
            sum.paths_outside,
            sum.fresh,
            sum.unchanged,
            sum.stale,
            sum.broken,
            sum.unclear,
            sum.many,
            sum.many_paths,
            sum.wildcards_save,
            sum.tags_save(),
        ];
        let texts = [day.date(), id.to_string(), name, account];
        texts.into_iter().chain(numbers.map(|number| number.to_string())).collect()
    }
}

/// The rows of a table that is read at once: its length is bounded.
async fn rows(
    conn: &mut Conn,
    table: Table,
    month: DayRange,
    seen: Seen<'_>,
) -> Result<Vec<Vec<String>>, StoreError> {
    match table {
        Table::Days | Table::Accounts => Ok(Vec::new()),
        Table::Completion => completion_rows(conn, month, seen).await,
        Table::Items => item_rows(conn, month, seen).await,
        Table::Requesters => requester_rows(conn, month, seen).await,
        Table::Wildcards => wildcard_rows(conn, month, seen).await,
        Table::Failures => failure_rows(conn, month, seen).await,
    }
}

fn account_rows(bills: &[bills::AccountBill]) -> Vec<Vec<String>> {
    let digits = |amount: &dyn ToString| amount.to_string().trim_start_matches('$').to_owned();
    let row = |bill: &bills::AccountBill| {
        let (paths, dollars) = match bill.forecast {
            Some((paths, cost)) => (paths.to_string(), digits(&cost)),
            None => Default::default(),
        };
        vec![
            bill.account.clone(),
            bill.paths.to_string(),
            bill.on_flat_rate_plans.to_string(),
            digits(&bill.cost),
            paths,
            dollars,
        ]
    };
    bills.iter().map(row).collect()
}

async fn completion_rows(
    conn: &mut Conn,
    month: DayRange,
    seen: Seen<'_>,
) -> Result<Vec<Vec<String>>, StoreError> {
    let times = insights::completion_times(conn, month, seen).await?;
    let seconds = |range: usize| format!("{:.3}", range_start(range).as_secs_f64());
    let row = |(range, invalidations): (&usize, &u64)| {
        vec![seconds(*range), seconds(range + 1), invalidations.to_string()]
    };
    Ok(times.counts.iter().map(row).collect())
}

async fn item_rows(conn: &mut Conn, month: DayRange, seen: Seen<'_>) -> Result<Vec<Vec<String>>, StoreError> {
    let items = insights::top_counts(conn, month.from, CountKind::Item, seen, ROWS_MAX).await?;
    let row =
        |item: insights::TopCount| vec![item.distribution.to_string(), item.name, item.times.to_string()];
    Ok(items.into_iter().map(row).collect())
}

async fn requester_rows(
    conn: &mut Conn,
    month: DayRange,
    seen: Seen<'_>,
) -> Result<Vec<Vec<String>>, StoreError> {
    let mut rows = Vec::new();
    for kind in REQUESTERS {
        let names = insights::top_names(conn, month.from, kind, seen, ROWS_MAX).await?;
        rows.extend(names.into_iter().map(|top| {
            iter::once(kind.as_str().to_owned())
                .chain([top.name, top.times.to_string(), top.paths.to_string()])
                .collect::<Vec<_>>()
        }));
    }
    Ok(rows)
}

async fn wildcard_rows(
    conn: &mut Conn,
    month: DayRange,
    seen: Seen<'_>,
) -> Result<Vec<Vec<String>>, StoreError> {
    let wildcards = insights::top_counts(conn, month.from, CountKind::Wildcard, seen, ROWS_MAX).await?;
    let row = |one: insights::TopCount| {
        let saved = one.paths.saturating_sub(one.times);
        let numbers = [one.times, one.paths, saved, one.most].map(|number| number.to_string());
        let texts = [one.distribution.to_string(), one.name];
        texts.into_iter().chain(numbers).chain([one.most_on.date()]).collect()
    };
    Ok(wildcards.into_iter().map(row).collect())
}

async fn failure_rows(
    conn: &mut Conn,
    month: DayRange,
    seen: Seen<'_>,
) -> Result<Vec<Vec<String>>, StoreError> {
    let failures = insights::top_names(conn, month.from, CountKind::Failure, seen, ROWS_MAX).await?;
    let row = |top: insights::TopName| {
        let (what, cause) = what_and_cause(&top.name);
        vec![what, cause, top.times.to_string()]
    };
    Ok(failures.into_iter().map(row).collect())
}
