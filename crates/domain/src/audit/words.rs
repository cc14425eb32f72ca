//! The words of an event and of a search.

use super::Event;
use crate::{
    id::{DistributionId, InvalidationId},
    invalidations::item::Item,
};

/// The maximum length of a word. Longer words are cut, both in the index and in a search.
const TOKEN_MAX: usize = 64;
/// The number of items of an event whose words are indexed. A search for a URL finds all items.
const ITEMS_IN_WORDS: usize = 20;

/// Whether a field contains a sequence of words.
pub(super) fn holds(field: &[String], term: &[String]) -> bool {
    field.windows(term.len()).any(|run| run == term)
}

/// The words of a text: sequences of letters and digits, in lower case.
#[must_use]
pub fn tokens(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| word.chars().take(TOKEN_MAX).flat_map(char::to_lowercase).collect())
        .collect()
}

/// All words of an event for the index, each once. A word and the number after it are also indexed as one word:
/// thousands of events have `WEB`, and thousands have `5`, but few have `WEB-5`.
#[must_use]
pub fn words_of(event: &Event) -> Vec<String> {
    let mut words = Vec::new();
    for field in texts(event).map(tokens) {
        words.extend(field.windows(2).filter_map(numbered));
        words.extend(field);
    }
    words.sort();
    words.dedup();
    words
}

/// The fewest index words that every event with this sequence of words has.
pub(super) fn needles(term: &[String]) -> Vec<String> {
    let mut needles: Vec<String> = term.windows(2).filter_map(numbered).collect();
    let paired = |at: usize| {
        let from = at.saturating_sub(1);
        term[from..].windows(2).take(at - from + 1).any(|pair| numbered(pair).is_some())
    };
    needles.extend(term.iter().enumerate().filter(|(at, _)| !paired(*at)).map(|(_, word)| word.clone()));
    needles
}

/// A word and the number after it, as one word.
fn numbered(pair: &[String]) -> Option<String> {
    let [word, number] = pair else { return None };
    let fits = word.chars().all(char::is_alphabetic) && number.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| format!("{word}{number}"))
}

/// The texts of an event whose words are indexed.
pub(super) fn texts(event: &Event) -> impl Iterator<Item = &str> {
    let fixed = [
        event.reason.as_str(),
        event.acting.actor.name(),
        event.note.as_str(),
        event.target.id(),
        event.cloudfront_id.as_str(),
        event.aws_request_id.as_str(),
        event.acting.origin.request_id.as_str(),
        event.acting.origin.client_address.as_str(),
        event.acting.origin.via.run_url.as_str(),
        event.acting.origin.via.idempotency_key.as_str(),
        event.old.as_str(),
        event.new.as_str(),
        event.distribution.as_ref().map(DistributionId::as_str).unwrap_or_default(),
        event.invalidation.as_ref().map(InvalidationId::as_str).unwrap_or_default(),
    ];
    fixed.into_iter().chain(event.items.shown.iter().take(ITEMS_IN_WORDS).map(Item::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needles_of(text: &str) -> Vec<String> {
        needles(&tokens(text))
    }

    #[test]
    fn a_number_is_looked_for_with_the_word_before_it() {
        assert_eq!(needles_of("WEB-412"), ["web412"]);
        assert_eq!(needles_of("new WEB-412 price"), ["web412", "new", "price"]);
        assert_eq!(needles_of("412"), ["412"]);
        assert_eq!(needles_of("1 2 a"), ["1", "2", "a"]);
        assert_eq!(needles_of("a 1 b 2"), ["a1", "b2"]);
        assert_eq!(needles_of("price"), ["price"]);
    }

    #[test]
    fn every_needle_of_a_run_of_words_is_a_word_of_the_event() {
        let mut event = Event::new(
            crate::time::Timestamp::from_micros(1),
            &crate::actor::Acting::service(),
            crate::audit::Action::InvalidationRequested,
        );
        "Ünïcode WEB-412: a 3rd price of 7 x9 42 pages".clone_into(&mut event.reason);
        let (field, words) = (tokens(&event.reason), words_of(&event));
        for length in 1..=field.len() {
            for run in field.windows(length) {
                assert!(needles(run).iter().all(|needle| words.contains(needle)), "{run:?} in {words:?}");
            }
        }
        assert!(words.contains(&"412".to_owned()), "numbers alone are found too");
    }
}
