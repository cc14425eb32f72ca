//! How often something occurred in a month: a bounded number of names, so that no month grows without end.

use std::collections::BTreeMap;

use super::Day;
use crate::{secret::sha256_hex, storable::storable};

/// The most names that are kept of one kind, month and distribution.
pub const NAMES_MAX: usize = 200;
/// A longer name is cut here, in characters, and ends with a part of its hash. `PostgreSQL` indexes no text of more than
/// 2,700 bytes.
const NAME_LENGTH: usize = 500;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CountKind {
    /// An item, by the invalidations that ask for it.
    Item,
    /// A person who requests, by their e-mail address at that time.
    Person,
    /// An API token that requests, by its name.
    Token,
    /// Who made invalidations outside, as CloudTrail says.
    Outside,
    /// A wildcard that would have cost less than the paths below it.
    Wildcard,
    /// What CloudFront did not do: the word of the action, a space, and the cause.
    Failure,
}

impl CountKind {
    pub const ALL: [Self; 6] =
        [Self::Item, Self::Person, Self::Token, Self::Outside, Self::Wildcard, Self::Failure];

    /// The stable word, in the store and in exports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Item => "item",
            Self::Person => "person",
            Self::Token => "token",
            Self::Outside => "outside",
            Self::Wildcard => "wildcard",
            Self::Failure => "failure",
        }
    }

    /// Reads what [`CountKind::as_str`] wrote.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// How often one name occurred in a month, since it has a place among those that are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonthlyCount {
    pub times: u64,
    /// The paths of all these times.
    pub paths: u64,
    /// The most paths at one time, and the day of it.
    pub most: u64,
    pub most_on: Day,
    /// Its paths, and those of the name whose place it took.
    pub weight: u64,
}

/// The names of one kind, month and distribution: at most [`NAMES_MAX`].
///
/// A new name takes the place of the one with the smallest weight, and its weight goes on from there (the "space saving"
/// of Metwally, Agrawal and El Abbadi, 2005). So a name that makes up more than one in [`NAMES_MAX`] of all paths is never
/// missing at the end of the month, and what is told of a name was really counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MonthlyCounts {
    pub names: BTreeMap<String, MonthlyCount>,
}

impl MonthlyCounts {
    /// Counts a name once more, with so many paths on a day.
    pub fn add(&mut self, name: &str, paths: u64, on: Day) {
        let name = short(name);
        if let Some(count) = self.names.get_mut(&name) {
            count.times += 1;
            count.paths += paths;
            count.weight += paths;
            if paths > count.most {
                (count.most, count.most_on) = (paths, on);
            }
            return;
        }
        let inherited = if self.names.len() < NAMES_MAX { 0 } else { self.leave() };
        let weight = inherited + paths;
        self.names.insert(name, MonthlyCount { times: 1, paths, most: paths, most_on: on, weight });
    }

    /// Takes out the name with the smallest weight, and gives that.
    fn leave(&mut self) -> u64 {
        let smallest = self.names.iter().min_by_key(|(name, count)| (count.weight, *name));
        let Some((name, weight)) = smallest.map(|(name, count)| (name.clone(), count.weight)) else {
            return 0;
        };
        self.names.remove(&name);
        weight
    }
}

/// The name as it is kept. Two names that differ stay apart.
fn short(name: &str) -> String {
    let name = storable(name);
    match name.char_indices().nth(NAME_LENGTH) {
        None => name.into_owned(),
        Some((end, _)) => {
            let hash = sha256_hex(name.as_bytes());
            format!("{}… ({})", &name[..end], hash.get(..12).unwrap_or_default())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Day = Day::from_number(20_000);

    #[test]
    fn each_word_is_one_kind() {
        for kind in CountKind::ALL {
            assert_eq!(CountKind::parse(kind.as_str()), Some(kind));
        }
        assert_eq!(CountKind::parse("Item"), None);
    }

    #[test]
    fn the_most_at_one_time_has_its_day() {
        let mut counts = MonthlyCounts::default();
        for (paths, on) in [(3, DAY), (388, DAY.next()), (5, DAY.next().next())] {
            counts.add("/img/*", paths, on);
        }
        let count = counts.names["/img/*"];
        assert_eq!((count.times, count.paths, count.most), (3, 396, 388));
        assert_eq!((count.most_on, count.weight), (DAY.next(), 396));
    }

    #[test]
    fn what_is_frequent_keeps_its_place_among_many_that_come_once() {
        let mut counts = MonthlyCounts::default();
        for n in 0..5_000 {
            counts.add(&format!("/once/{n}"), 1, DAY);
            if n >= 1_000 && n % 20 == 0 {
                counts.add("/often", 1, DAY);
            }
        }
        assert_eq!(counts.names.len(), NAMES_MAX);
        let often = counts.names["/often"];
        assert!(often.times <= 200 && often.times > 150, "{often:?}");
        let most = counts.names.iter().max_by_key(|(_, count)| count.times).unwrap();
        assert_eq!(most.0, "/often");
    }

    #[test]
    fn long_names_stay_apart() {
        let mut counts = MonthlyCounts::default();
        let long = format!("/{}", "ü".repeat(3_999));
        counts.add(&format!("{long}a"), 1, DAY);
        counts.add(&format!("{long}b"), 1, DAY);
        counts.add("\0", 1, DAY);
        assert_eq!(counts.names.len(), 3);
        assert!(counts.names.keys().all(|name| name.len() < 2_000 && !name.contains('\0')));
    }
}
