//! Grants: who may invalidate what of which distributions, and how the fields for a grant are parsed.

use std::fmt;

use super::grant_scope::{GrantScope, GrantScopeError, PathPrefix, TagPrefix};
use crate::id::{DistributionId, GrantId};

/// The maximum length of a group's name and of a distribution's tag, in characters.
pub const NAME_MAX: usize = 128;

/// The person, group or token whose access a grant limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    pub kind: SubjectKind,
    /// A person's or token's ID, or a group's name.
    pub id: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubjectKind {
    Person,
    Group,
    Token,
}

impl SubjectKind {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Group => "group",
            Self::Token => "token",
        }
    }

    /// Reads what [`SubjectKind::as_str`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Person, Self::Group, Self::Token].into_iter().find(|kind| kind.as_str() == text)
    }
}

impl Subject {
    /// Parses `person:ID`, `group:NAME` or `token:ID`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, id) = text.split_once(':')?;
        let kind = SubjectKind::parse(kind)?;
        (!id.is_empty() && id.len() <= 4 * NAME_MAX).then(|| Self { kind, id: id.to_owned() })
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.kind.as_str(), self.id)
    }
}

/// The distributions that a grant applies to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GrantPlace {
    Distribution(DistributionId),
    /// Every distribution with this tag in AWS. If `value` is `None`, the tag may have any value.
    Tagged {
        key: String,
        value: Option<String>,
    },
}

impl fmt::Display for GrantPlace {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Distribution(id) => write!(out, "{id}"),
            Self::Tagged { key, value: None } => write!(out, "distributions tagged {key}"),
            Self::Tagged { key, value: Some(value) } => write!(out, "distributions tagged {key}={value}"),
        }
    }
}

/// A grant as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    pub id: GrantId,
    pub subject: Subject,
    pub place: GrantPlace,
    pub scope: GrantScope,
}

impl Grant {
    /// `E2QWRUHAPOMQZL: paths below /docs/`
    #[must_use]
    pub fn describe(&self) -> String {
        format!("{}: {}", self.place, self.scope.describe())
    }
}

/// Why a grant is not valid. The message is for the person who filled in the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    #[error("Choose whom it is for.")]
    NoSubject,
    #[error("Choose a distribution, or write a tag.")]
    NoPlace,
    #[error("Choose a distribution or write a tag, not both.")]
    TwoPlaces,
    #[error("Write a tag as key or key=value, with at most {NAME_MAX} characters in the key.")]
    BadTag,
    #[error("This grant exists already.")]
    Exists,
    #[error("This person, group or token has too many grants. Remove some, or use a tag.")]
    TooMany,
    #[error(
        "Grants restrict this person: their own, or those of a group. Remove them first, or remove the person from the group."
    )]
    StillHeld,
}

/// Parses where a grant applies: a distribution, or a tag as `key` or `key=value`.
pub fn parse_place(distribution: &str, tag: &str) -> Result<GrantPlace, GrantError> {
    match (distribution.trim(), tag.trim()) {
        ("", "") => Err(GrantError::NoPlace),
        (id, "") => DistributionId::parse(id).map(GrantPlace::Distribution).ok_or(GrantError::NoPlace),
        ("", tag) => {
            let (key, value) = tag.split_once('=').map_or((tag, None), |(key, value)| (key, Some(value)));
            let plain = !tag.chars().any(char::is_control) && (1..=NAME_MAX).contains(&key.chars().count());
            let short = value.is_none_or(|value| value.chars().count() <= 2 * NAME_MAX);
            if plain && short {
                Ok(GrantPlace::Tagged { key: key.to_owned(), value: value.map(str::to_owned) })
            } else {
                Err(GrantError::BadTag)
            }
        }
        _ => Err(GrantError::TwoPlaces),
    }
}

/// Parses the fields for paths and tags. Empty `paths` grant no path; `None` as `tags` grants no tag.
pub fn parse_grant_scope(
    paths: &str,
    tags: Option<&str>,
    everything: bool,
) -> Result<GrantScope, GrantScopeError> {
    let paths = if paths.trim().is_empty() { None } else { Some(PathPrefix::parse(paths)?) };
    let tags = tags.map(TagPrefix::parse).transpose()?;
    GrantScope::of(paths, tags, everything)
}

/// Why the name of a group is not valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GroupError {
    #[error("Write a name of at most {NAME_MAX} characters.")]
    BadName,
    #[error("A group with this name exists already.")]
    Exists,
    #[error("Nobody here has this e-mail address. Choose somebody from the list.")]
    NoPerson,
}

/// Parses the name of a group.
pub fn parse_group(typed: &str) -> Result<String, GroupError> {
    let name = typed.trim();
    let fits = (1..=NAME_MAX).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    if fits { Ok(name.to_owned()) } else { Err(GroupError::BadName) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_distribution_or_a_tag() {
        assert_eq!(parse_place("E1", ""), Ok(GrantPlace::Distribution(DistributionId::from_trusted("E1"))));
        let tagged = |key: &str, value: Option<&str>| GrantPlace::Tagged {
            key: key.into(),
            value: value.map(Into::into),
        };
        assert_eq!(parse_place("", " team=docs "), Ok(tagged("team", Some("docs"))));
        assert_eq!(parse_place("", "team"), Ok(tagged("team", None)));
        assert_eq!(parse_place("", "a=b=c"), Ok(tagged("a", Some("b=c"))));
        assert_eq!(parse_place("", ""), Err(GrantError::NoPlace));
        assert_eq!(parse_place("E1", "team"), Err(GrantError::TwoPlaces));
        assert_eq!(parse_place("../", ""), Err(GrantError::NoPlace));
        assert_eq!(parse_place("", "=docs"), Err(GrantError::BadTag));
        assert_eq!(parse_place("", &"k".repeat(129)), Err(GrantError::BadTag));
    }

    #[test]
    fn a_subject_is_written_and_read_alike() {
        for text in ["person:p1", "group:a:b", "token:t"] {
            assert_eq!(Subject::parse(text).unwrap().to_string(), text);
        }
        for bad in ["", "person:", "role:admin", "p1"] {
            assert_eq!(Subject::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_grant_says_what_it_grants() {
        let grant = Grant {
            id: GrantId::from_trusted("g"),
            subject: Subject::parse("group:docs").unwrap(),
            place: parse_place("", "team=docs").unwrap(),
            scope: parse_grant_scope("/docs/", Some("#doc:"), false).unwrap(),
        };
        assert_eq!(
            grant.describe(),
            "distributions tagged team=docs: paths below /docs/ and tags that begin with #doc:"
        );
        assert_eq!(parse_grant_scope("", None, false), Err(GrantScopeError::Nothing));
    }
}
