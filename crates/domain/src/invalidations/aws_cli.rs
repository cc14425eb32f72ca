//! A request as a command of the AWS CLI that is safe to paste into a shell.

use super::item::Item;
use crate::id::DistributionId;

/// The most items of a command. A longer one is of no use to a person.
const SHOWN_MAX: usize = 200;

/// The `aws cloudfront create-invalidation …` command. `None` if there are too many items.
#[must_use]
pub fn create_invalidation(distribution: &DistributionId, items: &[Item]) -> Option<String> {
    if items.len() > SHOWN_MAX {
        return None;
    }
    let paths: Vec<String> = items.iter().map(|item| quoted(item.as_str())).collect();
    Some(format!(
        "aws cloudfront create-invalidation \\\n  --distribution-id {distribution} \\\n  --paths {}",
        paths.join(" \\\n    ")
    ))
}

/// The text as one word of a POSIX shell. It is put in single quotes unless no character of it is special in a
/// shell.
pub(crate) fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-:=@%+,".contains(c);
    if text.chars().all(plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_would_read_otherwise_is_quoted() {
        assert_eq!(quoted("/styles.css"), "/styles.css");
        assert_eq!(quoted("/*"), "'/*'");
        assert_eq!(quoted("#tag"), "'#tag'");
        assert_eq!(quoted("/it's?a=$(b)"), r"'/it'\''s?a=$(b)'");
    }

    #[test]
    fn a_giant_request_is_not_shown_as_a_command() {
        let items = vec![Item::from_trusted("/a"); SHOWN_MAX + 1];
        assert_eq!(create_invalidation(&DistributionId::from_trusted("E1"), &items), None);
    }
}
