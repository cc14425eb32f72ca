//! How long a sign-in lasts.

use std::time::Duration;

/// The maximum time between the password and the code of the second factor.
pub const PENDING_SECOND_FACTOR_LIFE: Duration = Duration::from_mins(5);
/// The time for which a one-time link is valid.
pub const LINK_LIFE: Duration = Duration::from_hours(24);

/// The limits of every session. They are checked whenever a session is used, so a shorter limit applies at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    /// The longest time without use.
    pub idle: Duration,
    /// The longest time since the sign-in.
    pub life: Duration,
}

impl SessionLimits {
    /// The longest `life` that may be set. Rows are kept for this time.
    pub const LONGEST: Duration = Duration::from_hours(90 * 24);
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self { idle: Duration::from_hours(12), life: Duration::from_hours(7 * 24) }
    }
}

/// The browser and its operating system as a short text, from the `User-Agent` header.
#[must_use]
pub fn browser_in_words(user_agent: &str) -> String {
    let find = |known: &[(&str, &'static str)]| {
        known.iter().find(|(sign, _)| user_agent.contains(sign)).map(|(_, name)| *name)
    };
    // The order matters: some browsers also name others in their `User-Agent`.
    let browser = find(&[
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ]);
    let system = find(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => {
            let short: String = user_agent.chars().filter(|c| !c.is_control()).take(40).collect();
            if short.is_empty() { "a program without a name".to_owned() } else { short }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_named_by_what_it_is() {
        let edge = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0";
        assert_eq!(browser_in_words(edge), "Edge on Windows");
        let safari = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1";
        assert_eq!(browser_in_words(safari), "Safari on iPhone");
        assert_eq!(browser_in_words(""), "a program without a name");
        assert_eq!(browser_in_words(&"x".repeat(500)).len(), 40);
    }
}
