//! The filters in force as chips, each with a link to the same page without it.

use crate::domain::{
    audit::{Action, asked, invalidation_search::StateFilter, search::What},
    distributions::distribution::Distribution,
    invalidations::invalidation::InvalidationState,
};

use super::query::HistoryQuery;

/// A filter in force.
pub struct Chip {
    pub words: String,
    /// The address of the same page without it.
    pub without: String,
}

/// A chip for each filter that is set.
pub fn chips(query: &HistoryQuery, distributions: &[Distribution]) -> Vec<Chip> {
    let set = query.filters().into_iter().filter(|(_, value)| !value.is_empty());
    set.map(|(name, value)| Chip { words: label(name, value, distributions), without: query.without(name) })
        .collect()
}

/// A filter in words. One that is none of its list is shown as it was typed.
fn label(name: &str, value: &str, distributions: &[Distribution]) -> String {
    let known = match name {
        "q" => Some(match What::read(value) {
            What::Path { .. } | What::Tag(_) => format!("covering {value}"),
            What::Everything | What::Words(_) => format!("“{value}”"),
        }),
        "distribution" => distributions
            .iter()
            .find(|distribution| distribution.id.as_str() == value)
            .map(|distribution| format!("at {}", distribution.shown_name()))
            .or_else(|| Some(format!("at {value}"))),
        "who" => Some(format!("by {value}")),
        "state" if value == StateFilter::PROBLEM.0 => Some(StateFilter::PROBLEM.1.to_owned()),
        "state" => InvalidationState::parse(value).map(|state| state.label().to_owned()),
        "action" => Action::parse(value).map(|action| action.label().to_owned()),
        "result" => outcome(value).map(str::to_owned),
        "freshness" => asked::freshness(value).ok().map(|one| format!("checked: {}", one.label())),
        "when" => {
            asked::SPANS.iter().find(|(word, ..)| *word == value).map(|(_, label, _)| (*label).to_owned())
        }
        "from" => Some(format!("from {value}")),
        "until" => Some(format!("until {value}")),
        "outside" => {
            Some(if value == "yes" { "made outside Unstale" } else { "made with Unstale" }.to_owned())
        }
        _ => None,
    };
    known.unwrap_or_else(|| value.to_owned())
}

fn outcome(value: &str) -> Option<&'static str> {
    super::page::OUTCOMES.iter().find(|(word, _)| *word == value).map(|(_, label)| *label)
}
