//! Lists the buckets of distributions whose origin people want asked, and stores which files changed since they were
//! invalidated.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    cloudfront::{S3, S3Bucket, S3Error},
    domain::{
        actor::Acting,
        audit::{Action, Event},
        causes::with_causes,
        checks::{
            BucketComparison, BucketOrigin, ChangesFinder, ChangesProblem, ChangesProblemName,
            RefreshedPaths, bucket_origins,
        },
        distributions::distribution::{Distribution, DistributionConfig},
        id::DistributionId,
        time::Timestamp,
    },
    store::{
        StoreError, audit,
        checks::{
            self,
            changes::{self, ClaimedListing, ListingTimes},
        },
        distributions,
        invalidations::batches,
    },
};

use super::{Checker, LEASE, Shared, pairs::LOOKING};

/// The listings that are made at the same time. They have places of their own: no look waits for one.
const AT_ONCE: usize = 2;
/// The pages that are read of a distribution's buckets, of 1,000 objects each.
const PAGES_MAX: usize = 50;
/// The pause between two listings of a distribution that nobody asks for, for each page that the last one read: AWS
/// bills by the page.
const PAUSE: Duration = Duration::from_mins(5);
/// The longest of these pauses.
pub const LONGEST_LISTING_PAUSE: Duration = Duration::from_mins(5 * PAGES_MAX as u64);

/// What a listing of a distribution's buckets showed, and how many pages were read for it.
struct Listed {
    comparison: BucketComparison,
    pages: usize,
}

impl Checker {
    /// Starts the listings that are due, and returns when the next one is. Those that find no place wait for one that
    /// ends, which notifies.
    pub(super) async fn start_listings(&self) -> Result<Option<Timestamp>, StoreError> {
        let mut running = self.listings.lock().await;
        while running.try_join_next().is_some() {}
        let context = &self.shared.context;
        let now = context.clock.now();
        let free = AT_ONCE.saturating_sub(running.len());
        let mut conn = context.db.read().await?;
        let due = changes::due(&mut conn, now, free).await?;
        let next = changes::next_due(&mut conn, now).await?;
        drop(conn);
        for distribution in due {
            let claimed = ClaimedListing { distribution, lease: super::super::new_lease() };
            let mut tx = context.db.begin().await?;
            let is_ours = changes::claim(&mut tx, &claimed, now, now.plus(LEASE)).await?;
            tx.commit().await?;
            if is_ours {
                let shared = Arc::clone(&self.shared);
                running.spawn(async move { shared.work_on_listing(claimed).await });
            }
        }
        Ok(next)
    }
}

impl Shared {
    /// Lists the buckets of a distribution. If the result cannot be stored, the lease runs out and they are listed
    /// again.
    async fn work_on_listing(&self, claimed: ClaimedListing) {
        if let Err(error) = self.list(&claimed).await {
            let (distribution, error) = (&claimed.distribution, with_causes(&error));
            tracing::error!(%distribution, %error, "the listing of a bucket failed; it is made again");
        }
        self.context.notifier.notify();
    }

    async fn list(&self, claimed: &ClaimedListing) -> Result<(), StoreError> {
        let begun = self.context.clock.now();
        let mut conn = self.context.db.read().await?;
        let Some(distribution) = distributions::find(&mut conn, &claimed.distribution).await? else {
            return Ok(());
        };
        let settings = checks::settings::find(&mut conn, &claimed.distribution).await?;
        let refreshed = batches::refreshed(&mut conn, &claimed.distribution, batches::LOOKED_THROUGH).await?;
        drop(conn);
        if !settings.ask_origin {
            return self.end_listings(&claimed.distribution).await;
        }
        let Listed { comparison, pages } = self.compare(&distribution, &refreshed).await;
        let pause = PAUSE.saturating_mul(u32::try_from(pages.max(1)).unwrap_or(u32::MAX));
        // Who asks once, where nothing is looked at by itself, is answered once.
        let goes_on = settings.enabled && settings.ask_origin;
        let ended = self.context.clock.now();
        let next = goes_on.then(|| ended.plus(pause.min(LONGEST_LISTING_PAUSE)));
        let mut tx = self.context.db.begin().await?;
        let asked = changes::find(&mut tx, &claimed.distribution).await?.and_then(|changes| changes.asked_at);
        let times = ListingTimes { begun, ended, next };
        let is_ours = changes::finish(&mut tx, claimed, &comparison, times).await?;
        // What the service looks for by itself is no act of anybody.
        if is_ours && asked.is_some_and(|asked| asked <= begun) {
            let mut event = Event::new(ended, &Acting::service(), Action::ChangesFound);
            event.distribution = Some(claimed.distribution.clone());
            event.note = comparison.describe();
            audit::append(&mut tx, event);
        }
        tx.commit().await
    }

    /// Its origin is not to be asked any more.
    async fn end_listings(&self, distribution: &DistributionId) -> Result<(), StoreError> {
        let mut tx = self.context.db.begin().await?;
        changes::end(&mut tx, distribution).await?;
        tx.commit().await
    }

    /// What the buckets of a distribution have that is newer than its invalidations.
    async fn compare(&self, distribution: &Distribution, refreshed: &RefreshedPaths) -> Listed {
        use ChangesProblemName as Name;
        let not_listed =
            |name| Listed { comparison: BucketComparison::failed(ChangesProblem::new(name)), pages: 0 };
        let Some(config) = &distribution.config else { return not_listed(Name::ConfigurationUnknown) };
        if config.delivery.behaviors.is_empty() {
            return not_listed(Name::ConfigurationUnknown);
        }
        let buckets = bucket_origins(config);
        if buckets.is_empty() || distribution.gone_at.is_some() {
            return not_listed(Name::NoBucket);
        }
        if refreshed.is_empty() {
            return not_listed(Name::NoInvalidation);
        }
        let Some(s3) = &self.context.s3 else { return not_listed(Name::NoCredentials) };
        let mut listing = Listing::new(s3, config, refreshed);
        for bucket in &buckets {
            if let Err(problem) = listing.read(bucket).await {
                tracing::info!(distribution = %distribution.id, problem = problem.name.as_str(), "no listing");
                return Listed { comparison: BucketComparison::failed(problem), pages: listing.pages };
            }
        }
        Listed { pages: listing.pages, comparison: listing.finder.finish() }
    }
}

/// A listing that goes on, over all buckets of a distribution.
struct Listing<'a> {
    s3: &'a S3,
    finder: ChangesFinder<'a>,
    pages: usize,
    deadline: Instant,
}

impl<'a> Listing<'a> {
    fn new(s3: &'a S3, config: &'a DistributionConfig, refreshed: &'a RefreshedPaths) -> Self {
        let finder = ChangesFinder::new(config, refreshed);
        Self { s3, finder, pages: 0, deadline: Instant::now() + LOOKING }
    }

    /// Reads all pages of a bucket.
    async fn read(&mut self, origin: &BucketOrigin) -> Result<(), ChangesProblem> {
        use ChangesProblemName as Name;
        let Some(mut bucket) = S3Bucket::of_origin(&origin.domain) else {
            return Err(ChangesProblem::new(Name::NoBucket));
        };
        let (prefix, mut next) = (origin.prefix(), None);
        loop {
            if self.pages == PAGES_MAX {
                return Err(ChangesProblem::of_bucket(Name::TooManyObjects, origin, ""));
            }
            if Instant::now() > self.deadline {
                return Err(ChangesProblem::of_bucket(
                    Name::NoAnswer,
                    origin,
                    "it took longer than 2 minutes",
                ));
            }
            self.pages += 1;
            let page = self.s3.list(&bucket, &prefix, next.as_deref()).await;
            let page = page.map_err(|error| problem(origin, &error))?;
            for object in &page.objects {
                self.finder.add(origin, &object.key, object.last_modified, object.size);
            }
            bucket.region = Some(page.region);
            next = page.next;
            if next.is_none() {
                return Ok(());
            }
        }
    }
}

fn problem(origin: &BucketOrigin, error: &S3Error) -> ChangesProblem {
    use ChangesProblemName as Name;
    let (name, detail) = match error {
        S3Error::Credentials(_) => return ChangesProblem::new(Name::NoCredentials),
        S3Error::Refused { status, code, .. } => {
            let name = match code.as_str() {
                "AccessDenied" => Name::ListDenied,
                "NoSuchBucket" => Name::BucketMissing,
                _ => Name::Refused,
            };
            (name, format!("{status} {code}"))
        }
        S3Error::Address(_) => (Name::NoAnswer, "it has no address".to_owned()),
        S3Error::NoAnswer(detail) => (Name::NoAnswer, detail.clone()),
        S3Error::TimedOut => (Name::NoAnswer, "it did not answer in time".to_owned()),
        S3Error::Unreadable(detail) => (Name::UnreadableAnswer, detail.clone()),
    };
    ChangesProblem::of_bucket(name, origin, detail.trim_end())
}
