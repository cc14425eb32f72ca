//! The words of an event, and of what is looked for.

use super::Event;
use crate::domain::{
    id::{DistributionId, InvalidationId},
    item::Item,
};

/// Longer words are cut, on both sides alike.
const TOKEN_MAX: usize = 64;
/// The most items whose words are found; all of them are found as URLs.
const ITEMS_IN_WORDS: usize = 20;

/// Does a run of words stand in a field?
pub(super) fn holds(field: &[String], term: &[String]) -> bool {
    field.windows(term.len()).any(|run| run == term)
}

/// The words of a text: runs of letters and digits, in small letters.
#[must_use]
pub fn tokens(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| word.chars().take(TOKEN_MAX).flat_map(char::to_lowercase).collect())
        .collect()
}

/// All words under which an event is found, each once.
#[must_use]
pub fn words_of(event: &Event) -> Vec<String> {
    let mut words: Vec<String> = texts(event).flat_map(tokens).collect();
    words.sort();
    words.dedup();
    words
}

/// The texts of an event in which words are looked for.
pub(super) fn texts(event: &Event) -> impl Iterator<Item = &str> {
    let fixed = [
        event.reason.as_str(),
        event.acting.actor.name.as_str(),
        event.note.as_str(),
        event.target.id.as_str(),
        event.cloudfront_id.as_str(),
        event.aws_request_id.as_str(),
        event.acting.origin.request_id.as_str(),
        event.acting.origin.client_address.as_str(),
        event.old.as_str(),
        event.new.as_str(),
        event.distribution.as_ref().map(DistributionId::as_str).unwrap_or_default(),
        event.invalidation.as_ref().map(InvalidationId::as_str).unwrap_or_default(),
    ];
    fixed.into_iter().chain(event.items.shown.iter().take(ITEMS_IN_WORDS).map(Item::as_str))
}
