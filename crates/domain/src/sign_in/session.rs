//! How long a sign-in lasts.

use std::time::Duration;

/// How long the code may take after the password.
pub const PENDING_SECOND_FACTOR_LIFE: Duration = Duration::from_mins(5);
/// How long a one-time link is good.
pub const LINK_LIFE: Duration = Duration::from_hours(24);

/// The bounds of every session. They are looked at whenever a session is used, so that a shorter one counts at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    /// Without use.
    pub idle: Duration,
    /// At the most.
    pub life: Duration,
}

impl SessionLimits {
    /// The longest life that may be set: rows are kept for as long.
    pub const LONGEST: Duration = Duration::from_hours(90 * 24);
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self { idle: Duration::from_hours(12), life: Duration::from_hours(7 * 24) }
    }
}

/// A browser and its system in a few words, from what it says of itself.
#[must_use]
pub fn browser_in_words(user_agent: &str) -> String {
    let find = |known: &[(&str, &'static str)]| {
        known.iter().find(|(sign, _)| user_agent.contains(sign)).map(|(_, name)| *name)
    };
    // The order matters: later browsers name earlier ones.
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
