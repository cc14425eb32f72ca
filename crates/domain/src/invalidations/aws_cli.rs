//! The same request as a command of the AWS CLI, safe to paste into a shell.

use super::item::Item;
use crate::id::DistributionId;

/// Past this many items a command is no longer read or pasted by a person.
const SHOWN_MAX: usize = 200;

/// `aws cloudfront create-invalidation …`, or `None` where there are too many items to show.
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

/// The text as one word of a POSIX shell: in single quotes, unless every character is plain to a POSIX shell.
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
