//! Property tests with generated lines.

use super::*;

/// Whether the line has one of the signs, listed in API.md, that it is not a single path.
fn has_a_sign(line: &str) -> bool {
    let drive = line.as_bytes().get(2) == Some(&b':') && line.len() > 3;
    let variable = line.match_indices('$').any(|(at, _)| {
        line[at + 1..].starts_with(|c: char| c.is_ascii_uppercase() || c == '_' || c == '{' || c == '(')
    });
    // A second item may begin after a bracket.
    let begins = |part: &str| part.trim_start_matches(['<', '(', '[']).starts_with('/');
    let several = line.split([';', '|']).skip(1).any(begins)
        || ["\\n", "\\r", "\\t", "{{"].iter().any(|sign| line.contains(sign));
    let choice = line.contains('{') && line.contains("..");
    let end = line.ends_with([';', '|', '\\']);
    let markup = line.contains("</") || line.starts_with("/>") || line.starts_with("/<");
    markup
        || drive
        || variable
        || several
        || choice
        || end
        || line.starts_with("/..")
        || line.starts_with("/http")
}

proptest::proptest! {
    #[test]
    fn whatever_is_typed_gives_a_clean_item_or_a_reason(line in "\\PC{1,60}|[ -~]{1,80}") {
        if trimmed(&line).is_empty() { return Ok(()); }
        if let Ok(parsed) = parse(&line) {
            let text = parsed.item.as_str();
            proptest::prop_assert!(text.is_ascii());
            proptest::prop_assert!(text.starts_with('/') || text.starts_with('#'));
            proptest::prop_assert!(!text.bytes().any(|b| b <= 32 || b == 127 || (b == b'~' && !parsed.item.is_tag())));
            if text.starts_with("//") { return Ok(()); }
            // Parsing the result again does not change it.
            let again = parse(text).unwrap();
            proptest::prop_assert_eq!(again.item.as_str(), text);
        }
    }

    #[test]
    fn words_with_blanks_commas_and_paired_quotes_are_one_path(
        words in proptest::collection::vec("[A-Za-z0-9_]{1,8}|\"[a-z0-9]{1,4}[ ,]?[a-z0-9]{1,4}\"|'[a-z]{1,4}'|[a-z]=[0-9]{1,3}|&", 1..6),
        separator in " |,|, |;|/| - ",
        query in "|\\?q=\"[a-z ,;]{0,9}\"",
    ) {
        let line = format!("/{}x{query}", words.join(&separator));
        proptest::prop_assert!(parse(&line).is_ok(), "{:?} {:?}", line, parse(&line));
    }

    #[test]
    fn what_begins_with_a_slash_and_has_nothing_odd_is_taken(
        rest in "([!$&()+./0-9:;<=>@A-Z\\[\\\\\\]^_a-z{|}?-]|%([2-68-9A-F][0-9A-F]|7[0-9A-E])|[äß日😀]){0,40}"
    ) {
        let line = format!("/{rest}");
        if line.starts_with("//") || has_a_sign(&line) { return Ok(()); }
        let parsed = parse(&line);
        proptest::prop_assert!(parsed.is_ok(), "{:?} {:?}", line, parsed);
        let item = parsed.unwrap().item;
        let encoded = crate::encoding::encode_path(&line);
        proptest::prop_assert_eq!(Some(item.as_str()), encoded.as_deref());
    }
}
