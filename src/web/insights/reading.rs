//! Reads all that the page of a month shows.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::{
    domain::{
        distributions::distribution::Distribution,
        id::DistributionId,
        insights::{CompletionTimes, CountKind, DailySum, Day, DayRange},
    },
    http::session::Visitor,
    store::{
        Conn, StoreError, distributions,
        insights::{self, AccountMonth, TopCount, TopName},
    },
};

/// The number of rows of each table of the page.
pub const ROWS: usize = 10;

/// The sums of a month, of the distributions that somebody may see.
pub struct MonthSums {
    pub days: BTreeMap<Day, DailySum>,
    pub total: DailySum,
    /// By distribution, with the most paths first.
    pub distributions: Vec<(DistributionId, DailySum)>,
    pub times: CompletionTimes,
    pub accounts: Vec<AccountMonth>,
    /// The same of the month before.
    pub accounts_before: Vec<AccountMonth>,
    pub items: Vec<TopCount>,
    pub wildcards: Vec<TopCount>,
    pub failures: Vec<TopName>,
    /// People, tokens, and who made invalidations outside.
    pub requesters: Vec<(CountKind, TopName)>,
    /// The distributions that the tables name.
    pub named: HashMap<DistributionId, Distribution>,
}

/// The kinds of those who request.
pub const REQUESTERS: [CountKind; 3] = [CountKind::Person, CountKind::Token, CountKind::Outside];

/// The distributions that a visitor may see. `None` means all.
pub fn seen(visitor: &Visitor) -> Option<BTreeSet<DistributionId>> {
    visitor.access.distributions()
}

pub async fn read(
    conn: &mut Conn,
    month: DayRange,
    seen: Option<&BTreeSet<DistributionId>>,
) -> Result<MonthSums, StoreError> {
    let days = insights::daily_sums(conn, month, seen).await?;
    let mut total = DailySum::default();
    for sum in days.values() {
        total += *sum;
    }
    let sums = insights::distribution_sums(conn, month, seen).await?;
    let mut distributions: Vec<_> = sums.into_iter().collect();
    distributions.sort_by_key(|(_, sum)| std::cmp::Reverse((sum.all_paths(), sum.invalidations())));
    let mut requesters = Vec::new();
    for kind in REQUESTERS {
        let names = insights::top_names(conn, month.from, kind, seen, ROWS).await?;
        requesters.extend(names.into_iter().map(|name| (kind, name)));
    }
    let items = insights::top_counts(conn, month.from, CountKind::Item, seen, ROWS).await?;
    let wildcards = insights::top_counts(conn, month.from, CountKind::Wildcard, seen, ROWS).await?;
    let counted = items.iter().chain(&wildcards).map(|count| &count.distribution);
    let ids: BTreeSet<&DistributionId> =
        distributions.iter().take(ROWS).map(|(id, _)| id).chain(counted).collect();
    let ids: Vec<&DistributionId> = ids.into_iter().collect();
    let named = distributions::some(conn, &ids).await?;
    Ok(MonthSums {
        named: named.into_iter().map(|distribution| (distribution.id.clone(), distribution)).collect(),
        times: insights::completion_times(conn, month, seen).await?,
        accounts: insights::account_months(conn, month, seen).await?,
        accounts_before: insights::account_months(conn, month.month_before(), seen).await?,
        failures: insights::top_names(conn, month.from, CountKind::Failure, seen, ROWS).await?,
        days,
        total,
        distributions,
        items,
        wildcards,
        requesters,
    })
}

impl MonthSums {
    /// The name of a distribution, or its ID if nothing is known of it.
    pub fn name(&self, id: &DistributionId) -> String {
        self.named.get(id).map_or_else(|| id.to_string(), Distribution::shown_name)
    }
}
