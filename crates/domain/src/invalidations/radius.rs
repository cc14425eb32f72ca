//! The blast radius: how much of what viewers ask for a request empties from the cache.
//!
//! CloudWatch counts the requests of a whole distribution and not those of a path. So only for `/*` a number can be told;
//! of a prefix it is said that it is a part.

use super::item::Item;
use crate::distributions::traffic::{Traffic, rounded};

/// The least requests a minute at which something is said. Below five a second a small server answers all of them
/// itself, so that nobody notices a cold cache, and a warning at each request would not be read any more.
pub const BUSY: u64 = 300;
/// The most prefixes that are named.
const NAMED: usize = 3;

/// What a request empties.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// `/*`
    Everything,
    /// Wildcards of the top level, such as `/products/*`. Never empty.
    Prefixes(Vec<Item>),
}

/// A wide request on a busy site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlastRadius {
    pub reach: Reach,
    pub traffic: Traffic,
}

impl BlastRadius {
    /// `None` if the items are not wide, if the site is not busy, or if it is not known how busy it is.
    #[must_use]
    pub fn of(items: &[Item], traffic: Option<&Traffic>) -> Option<Self> {
        let traffic = traffic.copied()?;
        let reach = if items.iter().any(|item| item.prefix() == Some("/")) {
            Reach::Everything
        } else {
            let prefixes: Vec<Item> = items.iter().filter(|item| is_top_level(item)).cloned().collect();
            (!prefixes.is_empty()).then_some(Reach::Prefixes(prefixes))?
        };
        let radius = Self { reach, traffic };
        (radius.most_a_minute() >= BUSY).then_some(radius)
    }

    /// How many requests a minute go to the origin that the cache answers now. `None` if that is not known.
    #[must_use]
    pub fn to_origin_a_minute(&self) -> Option<u64> {
        match self.reach {
            Reach::Everything => self.traffic.hits_a_minute(),
            Reach::Prefixes(_) => None,
        }
    }

    /// The most that it can be.
    fn most_a_minute(&self) -> u64 {
        self.traffic.hits_a_minute().unwrap_or(self.traffic.requests_a_minute)
    }

    /// As text for people.
    #[must_use]
    pub fn describe(&self) -> String {
        let most = rounded(self.most_a_minute());
        let words = match (&self.reach, self.traffic.hits_a_minute()) {
            (Reach::Everything, Some(_)) => format!(
                "This empties the whole cache: about {most} requests a minute that it answers now will go to the origin until it is warm."
            ),
            (Reach::Everything, None) => format!(
                "This empties the whole cache: up to {most} requests a minute will go to the origin until it is warm. How many of them the cache answers now is not known."
            ),
            (Reach::Prefixes(prefixes), hits) => format!(
                "{} a part of the cache: of about {most} requests a minute{}, those of this part will go to the origin until it is warm. How many these are is not known.",
                emptying(prefixes),
                if hits.is_some() { " that it answers now" } else { "" },
            ),
        };
        format!("{words} Measured in the hour before {} UTC.", self.traffic.measured_at.to_the_minute())
    }
}

/// `/products/* and /news/* empty`
fn emptying(prefixes: &[Item]) -> String {
    let mut named: Vec<String> = prefixes.iter().take(NAMED).map(ToString::to_string).collect();
    if prefixes.len() > NAMED {
        named.push(format!("{} more", prefixes.len() - NAMED));
    }
    match named.as_slice() {
        [only] => format!("{only} empties"),
        [first @ .., last] => format!("{} and {last} empty", first.join(", ")),
        [] => String::new(),
    }
}

/// Whether the item is a wildcard for a folder of the top level: `/products/*`, `/products*`. One that names a file with
/// its query strings, such as `/index.html*`, is not.
fn is_top_level(item: &Item) -> bool {
    let Some(name) = item.prefix().and_then(|prefix| prefix.strip_prefix('/')) else { return false };
    let name = name.strip_suffix('/').unwrap_or(name);
    !name.is_empty() && !name.contains(['/', '.', '?'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    fn items(texts: &[&str]) -> Vec<Item> {
        texts.iter().map(|text| Item::from_trusted(*text)).collect()
    }

    fn traffic(requests_a_minute: u64, hits_per_thousand: Option<u32>) -> Traffic {
        let measured_at = Timestamp::parse("2026-11-29T21:55:00Z").unwrap();
        Traffic { requests_a_minute, hits_per_thousand, measured_at }
    }

    fn words(texts: &[&str], traffic: Traffic) -> Option<String> {
        BlastRadius::of(&items(texts), Some(&traffic)).map(|radius| radius.describe())
    }

    const MEASURED: &str = "Measured in the hour before 2026-11-29 21:55 UTC.";

    #[test]
    fn everything_on_a_busy_site_is_told_with_a_number() {
        assert_eq!(
            words(&["/a", "/*"], traffic(5_218, Some(962))).unwrap(),
            format!(
                "This empties the whole cache: about 5,000 requests a minute that it answers now will go to the origin until it is warm. {MEASURED}"
            )
        );
        assert_eq!(
            words(&["/*"], traffic(5_218, None)).unwrap(),
            format!(
                "This empties the whole cache: up to 5,200 requests a minute will go to the origin until it is warm. How many of them the cache answers now is not known. {MEASURED}"
            )
        );
        let radius = BlastRadius::of(&items(&["/*"]), Some(&traffic(5_218, Some(962)))).unwrap();
        assert_eq!(radius.to_origin_a_minute(), Some(5_019));
    }

    #[test]
    fn of_a_prefix_only_a_part_is_claimed() {
        let told = words(&["/products/*"], traffic(5_218, Some(962))).unwrap();
        assert_eq!(
            told,
            format!(
                "/products/* empties a part of the cache: of about 5,000 requests a minute that it answers now, those of this part will go to the origin until it is warm. How many these are is not known. {MEASURED}"
            )
        );
        let many = words(&["/a*", "/b*", "/c/*", "/d/*", "/e/*"], traffic(9_000, None)).unwrap();
        assert!(
            many.starts_with(
                "/a*, /b*, /c/* and 2 more empty a part of the cache: of about 9,000 requests a minute, those"
            ),
            "{many}"
        );
        let radius = BlastRadius::of(&items(&["/a/*"]), Some(&traffic(5_218, Some(962)))).unwrap();
        assert_eq!(radius.to_origin_a_minute(), None);
    }

    #[test]
    fn narrow_requests_and_quiet_or_unknown_sites_get_no_words() {
        let busy = traffic(5_218, Some(962));
        for narrow in ["/products/lamp/*", "/index.html*", "/a", "#tag", "/search?q=*", "/a/b*"] {
            assert_eq!(words(&[narrow], busy), None, "{narrow}");
        }
        assert_eq!(words(&["/*"], traffic(BUSY - 1, None)), None);
        assert_eq!(words(&["/*"], traffic(5_218, Some(20))), None, "nearly all goes to the origin already");
        assert!(words(&["/*"], traffic(BUSY, None)).is_some());
        assert_eq!(BlastRadius::of(&items(&["/*"]), None), None);
    }
}
