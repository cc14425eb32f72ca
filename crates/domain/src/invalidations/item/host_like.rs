//! Decides whether the beginning of a line without a scheme looks like a host name, although no known distribution
//! serves it.
//!
//! It does if it begins with `www.`; or if it is an IPv4 address; or if its last label is in [`ALONE`]; or if a
//! slash follows and its last label is in [`BEFORE_A_SLASH`], begins with `xn--`, or is a country's top-level
//! domain, which is two letters that are not in [`FOLDERS`]. A folder can have such a name too. Then the line must
//! begin with `/`.

/// Top-level domains that are rare as file extensions. A name with one of them is a host.
const ALONE: [&str; 5] = ["com", "org", "net", "edu", "gov"];
/// Top-level domains that make a name a host only if a slash follows.
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
/// Two letters at the end of folder names that are not a country's top-level domain.
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
