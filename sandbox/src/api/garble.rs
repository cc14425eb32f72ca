//! Owns the forms of an answer that clients have met and do not expect.

/// What a proxy answers with.
pub(super) const PAGE: &str = "<!DOCTYPE html>\n<html><head><title>Blocked</title></head><body><h1>Blocked by the company's proxy</h1></body></html>\n";

/// The same document with another text in its `Status`.
pub(super) fn with_status(document: &str, change: impl Fn(&str) -> String) -> String {
    ["InProgress", "Completed", "Deployed"].iter().fold(document.to_owned(), |document, known| {
        document.replace(&format!("<Status>{known}</Status>"), &format!("<Status>{}</Status>", change(known)))
    })
}

/// The document in UTF-16, least byte first, with a byte-order mark.
pub(super) fn utf16(document: &str) -> Vec<u8> {
    let document = document.replacen("UTF-8", "UTF-16", 1);
    let units = std::iter::once(0xfeff).chain(document.encode_utf16());
    units.flat_map(u16::to_le_bytes).collect()
}
