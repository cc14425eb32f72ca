//! `GET /insights`: the page of a month.

use askama::Template;
use axum::{extract::State, response::Html};
use serde::Deserialize;

use crate::{
    domain::{
        insights::{DailySum, DayRange},
        invalidations::price::{Dollars, FREE_A_MONTH},
    },
    http::{error::HttpError, params::QueryParams, session::Visitor, state::AppState},
    store::insights,
    web::view::{self, Frame, Tab, grouped, percent},
};

use super::{
    bills::{AccountBill, bills},
    chart::{DayChart, HEIGHT, TimeChart},
    months::{self, MonthChoice},
    reading::{self, MonthSums},
    tables::{self, CountRow, DistributionRow, FailureRow, LookRow, RequesterRow, WildcardAdvice},
};

/// So many events that are not in the sums yet are worth a notice: it is more than a busy second brings.
const BEHIND: i64 = 2_000;

#[derive(Template)]
#[template(path = "insights/page.html")]
struct Page {
    frame: Frame,
    month: String,
    word: String,
    months: Vec<MonthChoice>,
    /// The addresses of the month before and of the one after.
    earlier: String,
    later: Option<String>,
    is_restricted: bool,
    /// The month before, where nothing is there of this one.
    rather: Option<String>,
    /// How many events are still to be counted.
    behind: Option<String>,
    figures: [Figure; 4],
    /// The height of the pictures, in their own units.
    height: u64,
    days: DayChart,
    times: Option<TimeChart>,
    distributions: Vec<DistributionRow>,
    advice: Option<WildcardAdvice>,
    bills: Vec<AccountBill>,
    is_present: bool,
    items: Vec<CountRow>,
    other_items: Option<String>,
    requesters: Vec<RequesterRow>,
    wildcards: Vec<CountRow>,
    savings: Savings,
    failures: Vec<FailureRow>,
    looks: Vec<LookRow>,
}

/// One number at the top of the page.
struct Figure {
    label: &'static str,
    value: String,
    note: String,
}

/// What wildcards and tags would have saved in all.
struct Savings {
    /// `None` if a wildcard would have saved nothing.
    by_wildcards: Option<String>,
    /// The large requests, their paths, and what tags would have saved. `None` if there were none.
    by_tags: Option<(String, String, String)>,
}

impl Page {
    /// The address of a table as a file.
    fn csv(&self, table: &str) -> String {
        view::address("/insights.csv", &[("month", &self.word), ("table", table)])
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct InsightsQuery {
    pub month: String,
    /// The table of a file.
    pub table: String,
}

pub async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
    QueryParams(wanted): QueryParams<InsightsQuery>,
) -> Result<Html<String>, HttpError> {
    let now = app.context.clock.now();
    let month = months::read(&wanted.month, now)?;
    let seen = reading::seen(&visitor);
    let mut conn = app.context.db.read().await?;
    let path = months::address(month);
    let frame = view::frame(&mut conn, &app, &visitor, Tab::Insights, "Insights", &path).await?;
    let behind = frame.cursor.saturating_sub(insights::counted(&mut conn).await?);
    let first = insights::first_day(&mut conn).await?;
    let sums = reading::read(&mut conn, month, seen.as_ref()).await?;
    drop(conn);
    let is_present = month == DayRange::month_of(now);
    let (bills, before) =
        (bills(&sums.accounts, month, now), bills(&sums.accounts_before, month.month_before(), now));
    let times = TimeChart::new(&sums.times);
    view::page(&Page {
        frame,
        month: months::title(month),
        word: months::word(month),
        months: months::choices(month, first, now),
        earlier: months::address(month.month_before()),
        later: (!is_present).then(|| months::address(month.month_after())),
        is_restricted: seen.is_some(),
        rather: (sums.total.invalidations() == 0 && first.is_some_and(|day| day < month.from))
            .then(|| months::title(month.month_before())),
        behind: (behind > BEHIND).then(|| grouped(u64::try_from(behind).unwrap_or(0))),
        figures: [
            paths_figure(&sums.total, &bills, seen.is_some()),
            bill_figure(&bills, &before, is_present),
            times_figure(times.as_ref()),
            looks_figure(&sums.total),
        ],
        height: HEIGHT,
        days: DayChart::new(month, &sums.days),
        times,
        distributions: tables::distributions(&sums),
        advice: tables::wildcard_advice(&sums),
        is_present,
        items: tables::counts(&sums, &sums.items),
        other_items: tables::other_items(&sums),
        requesters: tables::requesters(&sums),
        wildcards: tables::counts(&sums, &sums.wildcards),
        savings: savings(&sums),
        failures: tables::failures(&sums),
        looks: tables::looks(&sums),
        bills,
    })
}

/// The free paths and the forecast are told where they are those of the one account that the number is of.
fn paths_figure(total: &DailySum, bills: &[AccountBill], is_restricted: bool) -> Figure {
    let note = match bills {
        _ if is_restricted => "on the distributions that you may see".to_owned(),
        [] => format!("{} are free", grouped(FREE_A_MONTH)),
        [bill] => {
            let free = if bill.paths > FREE_A_MONTH { "of them" } else { "are" };
            let free = format!("{} {free} free", grouped(FREE_A_MONTH));
            match bill.forecast {
                Some((paths, _)) => format!("{free}; about {} by month end", grouped(paths)),
                None => free,
            }
        }
        several => format!("in {} accounts, each with {} free", several.len(), grouped(FREE_A_MONTH)),
    };
    Figure { label: "Billable paths", value: grouped(total.all_paths()), note }
}

fn bill_figure(bills: &[AccountBill], before: &[AccountBill], is_present: bool) -> Figure {
    let sum: Dollars = bills.iter().map(AccountBill::expected).sum();
    let earlier: Dollars = before.iter().map(|bill| bill.cost).sum();
    let is_expected = bills.iter().any(|bill| bill.forecast.is_some());
    let label = match (is_present, is_expected) {
        (true, true) => "Expected bill",
        (true, false) => "Bill so far",
        (false, _) => "Bill",
    };
    let month = if is_present { "last month" } else { "the month before" };
    Figure { label, value: sum.to_string(), note: format!("{month} {earlier}") }
}

fn times_figure(times: Option<&TimeChart>) -> Figure {
    let (value, note) = match times {
        Some(times) => (times.median.clone(), format!("median; 95 % within {}", times.most)),
        None => ("–".to_owned(), "nothing has completed".to_owned()),
    };
    Figure { label: "Completed in", value, note }
}

fn looks_figure(total: &DailySum) -> Figure {
    let (value, note) = match percent(total.good(), total.checked()) {
        Some(share) => (share, format!("{} of {} checked", grouped(total.good()), grouped(total.checked()))),
        None => ("–".to_owned(), "nothing was checked".to_owned()),
    };
    Figure { label: "Fresh at first look", value, note }
}

fn savings(sums: &MonthSums) -> Savings {
    let total = &sums.total;
    Savings {
        by_wildcards: (total.wildcards_save > 0).then(|| grouped(total.wildcards_save)),
        by_tags: (total.many > 0).then(|| {
            let requests = if total.many == 1 { "request" } else { "requests" };
            let requests = format!("{} {requests}", grouped(total.many));
            (requests, grouped(total.many_paths), grouped(total.tags_save()))
        }),
    }
}
