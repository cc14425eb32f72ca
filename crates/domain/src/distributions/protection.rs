//! The confirmation that a protected distribution requires for a wide request, and the cool-down for repeated
//! requests.

use std::time::Duration;

use super::{distribution::Distribution, host::HostName};
use crate::{id::DistributionId, invalidations::item::Item};

/// The longest cool-down, in seconds.
pub const COOL_DOWN_MAX: u64 = 3_600;
/// The highest value of [`Protection::wide_above`].
pub const WIDE_MAX: usize = 20_000;

/// The confirmation that a wide request needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// No confirmation. The distribution is not protected.
    Open,
    /// The person types the domain name again.
    TypedName,
    /// Another person approves the request.
    SecondPerson,
}

impl Guard {
    pub const ALL: [Self; 3] = [Self::Open, Self::TypedName, Self::SecondPerson];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::TypedName => "typed_name",
            Self::SecondPerson => "second_person",
        }
    }

    /// Reads what [`Guard::as_str`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|guard| guard.as_str() == text)
    }

    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Open => "nothing more",
            Self::TypedName => "the domain name, typed once more",
            Self::SecondPerson => "the approval of a second person",
        }
    }
}

/// How one distribution is protected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protection {
    pub distribution: DistributionId,
    pub guard: Guard,
    /// A request with more items than this is wide. `None` if only `/*` is wide.
    pub wide_above: Option<usize>,
    /// Whether every request for this distribution must have a reason.
    pub reason_required: bool,
    /// If the same items are requested again within this time, the earlier invalidation is returned and nothing is
    /// sent. Zero turns this off.
    pub cool_down: Duration,
}

impl Protection {
    /// The protection of a distribution for which nobody has set one.
    #[must_use]
    pub const fn none(distribution: DistributionId) -> Self {
        Self {
            distribution,
            guard: Guard::Open,
            wide_above: None,
            reason_required: false,
            cool_down: Duration::ZERO,
        }
    }

    /// Whether a request of these items is wide, whatever it then needs.
    #[must_use]
    pub fn is_wide(&self, items: &[Item]) -> bool {
        let everything = items.iter().any(|item| item.prefix() == Some("/"));
        everything || self.wide_above.is_some_and(|most| items.len() > most)
    }

    /// The confirmation that a request of these items needs.
    #[must_use]
    pub fn asks(&self, items: &[Item]) -> Guard {
        if self.is_wide(items) { self.guard } else { Guard::Open }
    }

    /// Which requests are wide, as text: `/* or more than 100 items`.
    #[must_use]
    pub fn wide(&self) -> String {
        match self.wide_above {
            None => "/*".to_owned(),
            Some(1) => "/* or more than 1 item".to_owned(),
            Some(most) => format!("/* or more than {most} items"),
        }
    }

    /// The protection as text for pages and for the history.
    #[must_use]
    pub fn describe(&self) -> String {
        let mut words = Vec::new();
        if self.guard != Guard::Open {
            words.push(format!("{} needs {}", self.wide(), self.guard.label()));
        }
        if self.reason_required {
            words.push("a reason is needed".to_owned());
        }
        if !self.cool_down.is_zero() {
            words.push(format!("repeats within {} s are not sent", self.cool_down.as_secs()));
        }
        if words.is_empty() { "not protected".to_owned() } else { words.join("; ") }
    }
}

/// The name that a person must type: the first alias, or else the domain name that CloudFront gave.
#[must_use]
pub fn name_to_type(distribution: &Distribution) -> &str {
    distribution.aliases.first().unwrap_or(&distribution.domain_name)
}

/// Whether the typed text is [`name_to_type`] or the domain name that CloudFront gave, in any form that
/// [`HostName::parse`] accepts.
#[must_use]
pub fn is_its_name(typed: &str, distribution: &Distribution) -> bool {
    let names = [name_to_type(distribution), &distribution.domain_name].map(HostName::of_alias);
    HostName::parse(typed.trim()).is_some_and(|typed| names.contains(&typed))
}

/// How a request was confirmed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Confirmation {
    #[default]
    None,
    /// The text that the person typed as the distribution's name.
    Typed(String),
    /// An administrator sent the request without a second person.
    Alone,
}

/// Why the typed protection cannot be saved, as a message for the person at the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProtectionError {
    #[error("Choose what a wide request needs.")]
    NoGuard,
    #[error("Enter a number from 1 to {WIDE_MAX}, or leave it empty.")]
    WideAbove,
    #[error("Enter a number of seconds from 0 to {COOL_DOWN_MAX}.")]
    CoolDown,
}

/// Reads [`Protection::wide_above`] as it was typed. Nothing typed means `None`.
pub fn parse_wide_above(typed: &str) -> Result<Option<usize>, ProtectionError> {
    match typed.trim() {
        "" => Ok(None),
        text => match text.parse() {
            Ok(most) if (1..=WIDE_MAX).contains(&most) => Ok(Some(most)),
            _ => Err(ProtectionError::WideAbove),
        },
    }
}

/// Reads the cool-down, typed in seconds. Nothing typed means zero.
pub fn parse_cool_down(typed: &str) -> Result<Duration, ProtectionError> {
    match typed.trim() {
        "" => Ok(Duration::ZERO),
        text => match text.parse() {
            Ok(seconds) if seconds <= COOL_DOWN_MAX => Ok(Duration::from_secs(seconds)),
            _ => Err(ProtectionError::CoolDown),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distributions::distribution::tests::{named, sample};

    fn items(texts: &[&str]) -> Vec<Item> {
        texts.iter().map(|text| Item::from_trusted(*text)).collect()
    }

    fn guarded(wide_above: Option<usize>) -> Protection {
        let id = DistributionId::from_trusted("E1");
        Protection { guard: Guard::SecondPerson, wide_above, ..Protection::none(id) }
    }

    #[test]
    fn only_wide_requests_are_asked() {
        assert_eq!(guarded(None).asks(&items(&["/*"])), Guard::SecondPerson);
        assert_eq!(guarded(None).asks(&items(&["/a", "/b*", "/c"])), Guard::Open);
        assert_eq!(guarded(Some(2)).asks(&items(&["/a", "/b*"])), Guard::Open);
        assert_eq!(guarded(Some(2)).asks(&items(&["/a", "/b*", "/c"])), Guard::SecondPerson);
        assert_eq!(Protection::none(DistributionId::from_trusted("E1")).asks(&items(&["/*"])), Guard::Open);
    }

    #[test]
    fn the_name_is_one_that_the_distribution_has() {
        let distribution = sample();
        assert!(
            is_its_name(" WWW.example.com ", &distribution)
                && is_its_name(&distribution.domain_name, &distribution)
        );
        assert!(!is_its_name("", &distribution) && !is_its_name("www.example.co", &distribution));
        let books = named("E1", &["xn--bcher-kva.example"]);
        assert!(is_its_name("Bücher.example", &books) && is_its_name("xn--bcher-kva.example", &books));
        let wild = named("E2", &["*.example.com"]);
        assert!(is_its_name("*.example.com", &wild) && !is_its_name("a.example.com", &wild));
    }

    #[test]
    fn numbers_are_read_within_bounds() {
        assert_eq!(parse_wide_above(""), Ok(None));
        assert_eq!(parse_wide_above("100"), Ok(Some(100)));
        for bad in ["0", "-1", "x", "20001", "1.5"] {
            assert_eq!(parse_wide_above(bad), Err(ProtectionError::WideAbove), "{bad}");
        }
        assert_eq!(parse_cool_down("30"), Ok(Duration::from_secs(30)));
        assert_eq!(parse_cool_down("3601"), Err(ProtectionError::CoolDown));
    }

    #[test]
    fn a_protection_says_what_it_asks() {
        let mut protection = guarded(Some(100));
        protection.cool_down = Duration::from_secs(30);
        assert_eq!(
            protection.describe(),
            "/* or more than 100 items needs the approval of a second person; repeats within 30 s are not sent"
        );
    }
}
