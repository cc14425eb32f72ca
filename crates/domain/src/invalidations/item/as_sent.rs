//! Takes an item that a plan sent before, without reading it as a line that somebody typed.
//!
//! What looks like a mistake in a typed line may be a part of a path: `/a,` of the file `a,`, or `/tmp/x` of
//! `https://www.example.com/tmp/x`.

use super::{
    Doubt, Item, characters,
    line::{checked_tag, doubts_of_path, doubts_of_tag, encoded},
};
use crate::{distributions::distribution::Distribution, encoding::is_contested};

/// The item of this text, if it can be sent to CloudFront without any change. `None` otherwise.
pub(crate) fn item_as_sent(text: &str) -> Option<Item> {
    characters::check(text).ok()?;
    if let Some(tag) = text.strip_prefix('#') {
        return checked_tag(tag).ok();
    }
    let mut mendings = Vec::new();
    let path = encoded(text.to_owned(), &mut mendings).ok()?;
    (path.starts_with('/') && mendings.is_empty()).then_some(Item(path))
}

/// What a person should know about an item that is taken as it is.
pub(crate) fn doubts_of_item(item: &Item, target: &Distribution) -> Vec<Doubt> {
    if item.is_tag() {
        doubts_of_tag(target)
    } else {
        doubts_of_path(item.as_str(), is_contested(item.as_str()), target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_needs_no_change_is_taken_as_it_is() {
        for sent in
            ["/", "/*", "/a,", "/it's'", "/tmp/x", "//a//b", "/a.js:10", "/%7Ea%2A?x=*", "#tag;", "#a'"]
        {
            assert_eq!(item_as_sent(sent).map(Item::into_string).as_deref(), Some(sent));
        }
        let long = format!("/{}", "a".repeat(4_000));
        for other in [
            "",
            "a",
            "/a b",
            "/~a",
            "/a|",
            "/\u{fc}",
            "/a*b",
            "/a#b",
            "/100%",
            "/a%0A",
            "/a\u{1}",
            "#",
            "#a,",
            "#a*",
            "/a?Key-Pair-Id=K&Signature=x",
            &long,
        ] {
            assert_eq!(item_as_sent(other), None, "{other:?}");
        }
    }
}
