//! An origin and the caches before it. All times are in milliseconds after acceptance by the true clock, which is also
//! ours. The world knows nothing of how answers are judged.

/// How a cache works out `Age`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AgeBy {
    /// The time that it has had the copy.
    Residence,
    /// The same, as the difference of two times in whole seconds.
    WholeSeconds,
    /// RFC 9111, section 4.2.3: at least what the origin's `Date` gives by the cache's own clock.
    Date,
    /// It sends none.
    Nothing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    Hit,
    RefreshHit,
    Miss,
}

#[derive(Debug)]
pub(super) struct Origin {
    /// How far its clock is ahead.
    pub clock: i64,
    /// When each version was published, from the first.
    pub published: Vec<i64>,
    /// While it answers 503.
    pub down: (i64, i64),
}

impl Origin {
    pub fn version_at(&self, now: i64) -> usize {
        self.published.iter().filter(|at| **at <= now).count()
    }

    fn answer(&self, now: i64) -> Option<Served> {
        let is_down = self.down.0 <= now && now < self.down.1;
        let version = self.version_at(now);
        let date = in_seconds(now + self.clock);
        (!is_down).then_some(Served {
            version,
            date,
            age: None,
            how: How::Miss,
            fetched: now,
            from_origin: now,
        })
    }
}

/// What a cache answers, and what is true of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Served {
    pub version: usize,
    /// In seconds, by the clock of whoever wrote it.
    pub date: i64,
    pub age: Option<i64>,
    pub how: How,
    /// When the cache that answers got the bytes from what is behind it, or was told that they are still right.
    pub fetched: i64,
    /// When the origin itself sent the bytes, or said that they are still right.
    pub from_origin: i64,
}

#[derive(Debug)]
pub(super) struct Cache {
    pub clock: i64,
    pub lifetime: i64,
    pub age_by: AgeBy,
    /// Whether an answer that was fetched just now has an `Age` too.
    pub age_of_miss: bool,
    /// Whether it writes a `Date` of its own.
    pub writes_date: bool,
    pub copy: Option<Served>,
    /// The copy must not be served before the origin was asked.
    pub must_ask: bool,
}

impl Cache {
    /// Forgets the copy, or keeps it for asking whether it is still right.
    pub fn clear(&mut self, keeps_for_asking: bool) {
        if keeps_for_asking {
            self.must_ask = true;
        } else {
            self.copy = None;
        }
    }

    fn answer(&self, copy: Served, now: i64, how: How) -> Served {
        let at_first = copy.age.unwrap_or(0);
        let age = match self.age_by {
            AgeBy::Residence => Some(at_first + in_seconds(now - copy.fetched)),
            AgeBy::WholeSeconds => {
                Some(at_first + in_seconds(now + self.clock) - in_seconds(copy.fetched + self.clock))
            }
            AgeBy::Date => {
                let by_date = in_seconds(copy.fetched + self.clock) - copy.date;
                Some(at_first.max(by_date) + in_seconds(now - copy.fetched))
            }
            AgeBy::Nothing => None,
        };
        let age = if how == How::Miss && !self.age_of_miss { copy.age } else { age };
        let age = age.filter(|_| self.age_by != AgeBy::Nothing);
        let date = if self.writes_date { in_seconds(now + self.clock) } else { copy.date };
        Served { date, age, how, ..copy }
    }
}

/// The answer of the first cache; the others are behind it, and the origin behind them. `None` is a 503.
pub(super) fn ask(caches: &mut [&mut Cache], origin: &Origin, now: i64) -> Option<Served> {
    let Some((cache, behind)) = caches.split_first_mut() else { return origin.answer(now) };
    if let Some(copy) = cache.copy.filter(|copy| !cache.must_ask && now < copy.fetched + cache.lifetime) {
        return Some(cache.answer(copy, now, How::Hit));
    }
    let Some(got) = ask(behind, origin, now) else {
        // The origin is down: an old copy is served as it is.
        return cache.copy.map(|copy| cache.answer(copy, now, How::RefreshHit));
    };
    let how = match cache.copy {
        Some(copy) if copy.version == got.version => How::RefreshHit,
        _ => How::Miss,
    };
    let copy = Served { fetched: now, ..got };
    (cache.copy, cache.must_ask) = (Some(copy), false);
    Some(cache.answer(copy, now, how))
}

const fn in_seconds(millis: i64) -> i64 {
    millis.div_euclid(1_000)
}
