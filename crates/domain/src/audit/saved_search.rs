//! A search of the history that a person saved, for themselves or for everyone: a name, and the query string of its URL without the `?`.

use crate::time::Timestamp;

/// The longest name, in characters.
const NAME_MAX: usize = 60;
/// The longest query string, in bytes.
const QUERY_MAX: usize = 6_000;
/// The most searches that one person can save, and the most that are saved for everyone.
pub const EACH_MAX: usize = 50;

/// A saved search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedSearch {
    pub id: String,
    pub name: String,
    pub query: String,
    pub created_at: Timestamp,
    /// Whether everyone sees it. Only administrators save and delete such a search.
    pub for_everyone: bool,
}

/// Why a search cannot be saved, as a message for the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SearchError {
    #[error("Give the search a name.")]
    NoName,
    #[error("Use at most {NAME_MAX} characters.")]
    LongName,
    #[error("A name is one line of text; a control character is in it.")]
    ControlCharacter,
    #[error("Search for something first; everything needs no name.")]
    Nothing,
    #[error("The search is too long to be saved.")]
    LongQuery,
}

/// Checks the name and the query string of a search. Returns them with the name trimmed.
pub fn check(name: &str, query: &str) -> Result<(String, String), SearchError> {
    let name = name.trim();
    if name.is_empty() {
        Err(SearchError::NoName)
    } else if name.chars().count() > NAME_MAX {
        Err(SearchError::LongName)
    } else if name.chars().any(char::is_control) {
        Err(SearchError::ControlCharacter)
    } else if query.is_empty() {
        Err(SearchError::Nothing)
    } else if query.len() > QUERY_MAX {
        Err(SearchError::LongQuery)
    } else {
        Ok((name.to_owned(), query.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_and_one_line() {
        assert_eq!(check(" mine ", "q=a"), Ok(("mine".to_owned(), "q=a".to_owned())));
        assert_eq!(check(" ", "q=a"), Err(SearchError::NoName));
        assert_eq!(check(&"x".repeat(61), "q=a"), Err(SearchError::LongName));
        assert_eq!(check("a\nb", "q=a"), Err(SearchError::ControlCharacter));
        assert_eq!(check("a", ""), Err(SearchError::Nothing));
        assert_eq!(check("a", &"q".repeat(6_001)), Err(SearchError::LongQuery));
    }
}
