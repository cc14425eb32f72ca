//! Whether the beginning of a line without a scheme looks like a host name, though no distribution is known to serve it.
//!
//! The rule: it begins with `www.`; or it is an address of four numbers; or its last label is one of [`ALONE`]; or a
//! slash follows, and its last label is one of [`BEFORE_A_SLASH`], begins with `xn--`, or has two letters, as those of
//! countries do, and is none of [`FOLDERS`]. A folder may be named so too: then the line needs its slash.

/// Top-level domains with which a name is more likely a host than a file.
const ALONE: [&str; 5] = ["com", "org", "net", "edu", "gov"];
/// The same for a name with a slash behind it.
const BEFORE_A_SLASH: [&str; 18] = [
    "app",
    "biz",
    "blog",
    "cloud",
    "dev",
    "example",
    "info",
    "internal",
    "localhost",
    "mobi",
    "online",
    "page",
    "shop",
    "site",
    "store",
    "tech",
    "test",
    "xyz",
];
/// Two letters that end the names of folders, and are no country's.
const FOLDERS: [&str; 12] = ["cs", "db", "fs", "go", "gz", "hs", "js", "kt", "rb", "ts", "ui", "vb"];

pub(super) fn looks_like_a_host(name: &str, slash_follows: bool) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name).to_lowercase();
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_')
    };
    if !name.contains('.') || !name.split('.').all(label) {
        return false;
    }
    let last = name.rsplit('.').next().unwrap_or_default();
    let numbers = name.split('.').all(|label| label.parse::<u8>().is_ok());
    let country =
        last.len() == 2 && last.bytes().all(|byte| byte.is_ascii_lowercase()) && !FOLDERS.contains(&last);
    (name.starts_with("www.") && name.matches('.').count() > 1)
        || (numbers && name.matches('.').count() == 3)
        || ALONE.contains(&last)
        || (slash_follows && (country || BEFORE_A_SLASH.contains(&last) || last.starts_with("xn--")))
}
