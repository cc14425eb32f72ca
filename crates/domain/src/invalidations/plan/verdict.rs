//! What becomes of each line.

use super::{companions::Companion, names};
use crate::{
    distributions::path_mapping::mapping_of,
    id::DistributionId,
    invalidations::{
        intake::{Entry, FilePlace, Reading, SkipReason, Tool},
        item::{Doubt, Item, ItemError, Mending, TargetDistribution, doubts_of_item, parse_line},
    },
};

/// One line and what is done with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanLine {
    /// The line number, from 1. Blank lines count. A line that the plan adds has the number of the line that needs it.
    pub number: usize,
    pub typed: String,
    pub source: LineSource,
    pub verdict: LineVerdict,
}

/// Where a line comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineSource {
    Typed,
    Tool(Tool),
    /// The plan itself.
    Plan,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineVerdict {
    Send {
        item: Item,
        mendings: Vec<Mending>,
        doubts: Vec<Doubt>,
    },
    /// It is not sent, because that would change nothing.
    Dropped {
        /// `None` if the line names nothing that viewers can ask for.
        item: Option<Item>,
        why: Drop,
    },
    /// The plan sends it too.
    Added {
        item: Item,
        why: Companion,
    },
    /// The plan would send it too, if somebody wants that.
    Offered {
        item: Item,
        why: Companion,
    },
    Refused(ItemError),
}

/// Why a valid line is not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Drop {
    /// It is the same as the earlier line with this number.
    Repeats(usize),
    /// This wildcard of the same request covers it.
    CoveredBy(Item),
    /// The line names nothing to refresh.
    Skipped(SkipReason),
    /// The distribution gets no path from this place in the bucket.
    NotServed,
    /// The file is in no folder that a mapping of the distribution names.
    NotMapped,
    /// The behaviour with this path pattern caches nothing.
    NotCached(String),
    /// The distribution reads no cache tags.
    TagsAreOff,
}

impl Drop {
    /// Why it is not sent, as text for people.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Repeats(first) => format!("the same as line {first}"),
            Self::CoveredBy(wildcard) => format!("included in {wildcard}"),
            Self::Skipped(why) => why.label().to_owned(),
            Self::NotServed => "no path of this distribution leads to this place in the bucket".to_owned(),
            Self::NotMapped => "in no folder that the distribution's path mappings name".to_owned(),
            Self::NotCached(pattern) => {
                format!("nothing is cached there: the behaviour {pattern} keeps no copies")
            }
            Self::TagsAreOff => {
                "this distribution reads no cache tags, so a tag would be billed and do nothing".to_owned()
            }
        }
    }
}

impl LineSource {
    /// The value of `source` in the API.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Typed => "typed",
            Self::Tool(tool) => tool.label(),
            Self::Plan => "plan",
        }
    }
}

impl PlanLine {
    /// Reads an entry for this distribution.
    #[must_use]
    pub(super) fn read(entry: Entry, on: &TargetDistribution<'_>) -> Self {
        let Entry { number, typed, reading } = entry;
        let (source, verdict) = match reading {
            Reading::Typed(line) => (LineSource::Typed, typed_verdict(&line, on)),
            Reading::TypedFor(id, line) => (LineSource::Typed, verdict_for(&id, &line, on)),
            Reading::AsSent(item) => (LineSource::Typed, verdict_as_sent(item, on)),
            Reading::File(file) => {
                (LineSource::Tool(file.tool), names::verdict_of(&file, on.distribution(), on.mappings()))
            }
            Reading::Skipped(why) => {
                (LineSource::Typed, LineVerdict::Dropped { item: None, why: Drop::Skipped(why) })
            }
            Reading::Refused(error) => (LineSource::Typed, LineVerdict::Refused(error.into())),
        };
        Self { number, typed, source, verdict }
    }

    /// The line with its error, if it is refused.
    #[must_use]
    pub fn refused(&self) -> Option<(&Self, &ItemError)> {
        match &self.verdict {
            LineVerdict::Refused(error) => Some((self, error)),
            _ => None,
        }
    }

    /// The item that the line names, whatever becomes of it. `None` if it names none.
    #[must_use]
    pub fn item(&self) -> Option<&Item> {
        match &self.verdict {
            LineVerdict::Send { item, .. }
            | LineVerdict::Added { item, .. }
            | LineVerdict::Offered { item, .. }
            | LineVerdict::Dropped { item: Some(item), .. } => Some(item),
            LineVerdict::Dropped { item: None, .. } | LineVerdict::Refused(_) => None,
        }
    }

    /// The item, if it is sent.
    #[must_use]
    pub fn item_to_send(&self) -> Option<&Item> {
        match &self.verdict {
            LineVerdict::Send { item, .. } | LineVerdict::Added { item, .. } => Some(item),
            LineVerdict::Dropped { .. } | LineVerdict::Offered { .. } | LineVerdict::Refused(_) => None,
        }
    }
}

fn typed_verdict(line: &str, on: &TargetDistribution<'_>) -> LineVerdict {
    let mapped = mapped(line, on);
    match parse_line(mapped.as_deref().unwrap_or(line), on) {
        Ok(mut parsed) => {
            if mapped.is_some() {
                parsed.mendings.insert(0, Mending::Mapped);
            }
            LineVerdict::Send { item: parsed.item, mendings: parsed.mendings, doubts: parsed.doubts }
        }
        Err(error) => LineVerdict::Refused(error),
    }
}

fn verdict_as_sent(item: Item, on: &TargetDistribution<'_>) -> LineVerdict {
    let doubts = doubts_of_item(&item, on.distribution());
    LineVerdict::Send { item, mendings: Vec::new(), doubts }
}

/// The verdict of a line whose command names its distribution. For another one that is known it is refused, as a URL of
/// another site is.
fn verdict_for(id: &DistributionId, line: &str, on: &TargetDistribution<'_>) -> LineVerdict {
    let is_here = *id == on.distribution().id;
    if !is_here && on.knows_distribution(id) {
        return LineVerdict::Refused(ItemError::ForDistribution { id: id.to_string() });
    }
    let mut verdict = typed_verdict(line, on);
    if let LineVerdict::Send { doubts, .. } = &mut verdict
        && !is_here
    {
        doubts.push(Doubt::UnknownDistribution);
    }
    verdict
}

/// Whether a typed line may be a path below a mapped folder.
pub(super) fn may_be_mapped(line: &str) -> bool {
    !line.starts_with(['/', '#', '.']) && !line.contains("://")
}

/// The line with a mapping used on its folder, if it is a path without its first slash and below a mapped folder.
fn mapped(line: &str, on: &TargetDistribution<'_>) -> Option<String> {
    if !may_be_mapped(line) {
        return None;
    }
    let (mapping, rest) = mapping_of(on.mappings(), &FilePlace::Local, line)?;
    // A mapping of the folder itself says no more than the slash that is added anyway.
    (rest.len() < line.len()).then(|| format!("{}{rest}", mapping.to()))
}
