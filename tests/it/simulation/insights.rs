//! What the sums of the insights must be at the end of a life.

use std::collections::BTreeMap;

use unstale::{
    domain::{
        audit::Action,
        insights::{CountKind, DailySum, Day, DayRange},
    },
    store::insights,
    workers::{InsightsCounter, Next},
};

use super::life::Life;
use crate::support::{DOCS, SHOP, START, WORKSHOP};

/// The rows of the sums as text.
const ROWS: &str = "SELECT 'day ' || day || ' ' || distribution_id || ' ' || requested || ' ' || outside || ' ' || items || ' '
        || paths || ' ' || paths_outside || ' ' || many || ' ' || many_paths || ' ' || wildcards_save || ' ' || fresh
        || ' ' || unchanged || ' ' || stale || ' ' || broken || ' ' || unclear FROM daily_sum
    UNION ALL SELECT 'completed ' || day || ' ' || distribution_id || ' ' || time_range || ' ' || invalidations
        FROM daily_completion
    UNION ALL SELECT 'count ' || month || ' ' || kind || ' ' || distribution_id || ' ' || name || ' ' || times || ' '
        || paths || ' ' || most || ' ' || most_on || ' ' || weight FROM monthly_count
    UNION ALL SELECT 'cursor ' || sequence FROM insights_cursor ORDER BY 1";

impl Life {
    /// However often the count was interrupted, the sums are what the history and CloudFront say, and what one count of the
    /// whole history comes to.
    pub(super) async fn reckon_insights(&self) {
        self.count_to_the_end().await;
        self.sums_are_what_cloudfront_was_told().await;
        let mut raw = self.world.database.raw().await;
        let counted = raw.texts(ROWS).await;
        let clear = "DELETE FROM daily_sum; DELETE FROM daily_completion; DELETE FROM monthly_count;
             UPDATE insights_cursor SET sequence = 0";
        raw.run(clear).await.unwrap();
        self.count_to_the_end().await;
        assert_eq!(counted, raw.texts(ROWS).await, "counted in parts, and at once");
    }

    async fn count_to_the_end(&self) {
        let counter = InsightsCounter::new(self.world.database.db.clone(), self.world.clock.clone());
        while counter.tick().await.unwrap() == Next::Again {}
    }

    async fn sums_are_what_cloudfront_was_told(&self) {
        let ever =
            DayRange { from: Day::from_number(0), until: Day::from_number(Day::of(START).number() + 400) };
        let database = &self.world.database;
        let sums = database.get(async |conn| insights::distribution_sums(conn, ever, None).await).await;
        let times = database.get(async |conn| insights::completion_times(conn, ever, None).await).await;
        let history = self.world.history().await;
        let mut completed = 0;
        for place in [WORKSHOP, SHOP, DOCS] {
            let of_place = |id: &str| id == place;
            let found = sums.iter().find(|(id, _)| of_place(id.as_str()));
            let sum = found.map_or_else(DailySum::default, |(_, sum)| *sum);
            let told: usize = self.world.taken_items(place).values().sum();
            assert_eq!(sum.paths, told as u64, "the billed paths of {place}");
            assert_eq!((sum.outside, sum.paths_outside), (0, 0), "nobody made anything outside");
            let asked = history.iter().map(|chained| &chained.event).filter(|event| {
                let is_here = event.distribution.as_ref().is_some_and(|id| of_place(id.as_str()));
                is_here && event.action == Action::InvalidationRequested
            });
            let (count, items) =
                asked.fold((0, 0), |(count, items), event| (count + 1, items + event.items.count as u64));
            assert_eq!((sum.requested, sum.items), (count, items), "what was asked of {place}");
            completed += self.world.at_cloudfront(place) as u64;
        }
        assert_eq!(times.total(), completed, "each invalidation at CloudFront is timed once");
        self.failures_are_those_of_the_history().await;
    }

    /// Each failure of the history is counted under its cause.
    async fn failures_are_those_of_the_history(&self) {
        let failed = [
            Action::BatchFailed,
            Action::BatchLost,
            Action::BatchNeedsALook,
            Action::BatchPostponed,
            Action::BatchUnknown,
        ];
        let mut told: BTreeMap<String, u64> = BTreeMap::new();
        for chained in self.world.history().await {
            if failed.contains(&chained.event.action) {
                let name = format!("{} {}", chained.event.action.as_str(), chained.event.note);
                *told.entry(name).or_default() += 1;
            }
        }
        let mut counted: BTreeMap<String, u64> = BTreeMap::new();
        let this = DayRange::month_of(START);
        for month in [this.month_before(), this, this.month_after()] {
            let kind = CountKind::Failure;
            let names = self
                .world
                .database
                .get(async |conn| insights::top_names(conn, month.from, kind, None, 1_000).await)
                .await;
            for name in names {
                *counted.entry(name.name).or_default() += name.times;
            }
        }
        assert_eq!(counted, told);
    }
}
