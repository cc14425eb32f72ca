//! What one tag of a page lets a browser load.

use html5gum::StartTag;

/// What a reference has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReferenceKind {
    StyleSheet,
    Script,
    Image,
    /// A font or other data.
    Other,
}

/// A text that names a URL.
pub(super) struct Named<'a> {
    pub text: &'a str,
    pub kind: ReferenceKind,
    /// Whether the page only says that it will need the file, in another tag or in a script.
    is_hint: bool,
}

impl Named<'_> {
    /// Whether browsers refuse it by `http` in a page by `https` (Mixed Content, section 3.2).
    pub fn is_blockable(&self) -> bool {
        matches!(self.kind, ReferenceKind::StyleSheet | ReferenceKind::Script) && !self.is_hint
    }
}

/// The types of scripts that a browser runs: JavaScript's most usual ones (WHATWG MIME Sniffing, section 4.6) and
/// modules. Scripts of other types are data and are not loaded.
const SCRIPT_TYPES: [&str; 6] = [
    "",
    "application/ecmascript",
    "application/javascript",
    "application/x-javascript",
    "module",
    "text/javascript",
];

/// A start tag.
#[derive(Clone, Copy)]
pub(super) struct Element<'a>(pub &'a StartTag<()>);

impl<'a> Element<'a> {
    pub fn is(self, name: &str) -> bool {
        &self.0.name[..] == name.as_bytes()
    }

    /// The value of an attribute. `None` if there is none, or if it is not UTF-8.
    pub fn value(self, name: &str) -> Option<&'a str> {
        std::str::from_utf8(self.0.attributes.get(name.as_bytes())?).ok()
    }

    fn has(self, name: &str) -> bool {
        self.0.attributes.contains_key(name.as_bytes())
    }

    /// The policy that the tag sets for its page.
    pub fn policy(self) -> Option<&'a str> {
        let name = self.value("http-equiv").filter(|_| self.is("meta"))?;
        name.trim_ascii().eq_ignore_ascii_case("content-security-policy").then(|| self.value("content"))?
    }

    /// What the tag loads.
    pub fn named(self) -> [Option<Named<'a>>; 2] {
        match &self.0.name[..] {
            b"link" => [self.link(), None],
            b"script" => [self.script(), None],
            b"img" => {
                let image = |text| Named { text, kind: ReferenceKind::Image, is_hint: false };
                [self.value("src").map(image), self.value("srcset").and_then(first_candidate).map(image)]
            }
            _ => [None, None],
        }
    }

    fn script(self) -> Option<Named<'a>> {
        let kind = essence(self.value("type").unwrap_or_default());
        let runs = SCRIPT_TYPES.contains(&kind.as_str()) && !self.has("nomodule");
        let text = self.value("src").filter(|_| runs)?;
        Some(Named { text, kind: ReferenceKind::Script, is_hint: false })
    }

    fn link(self) -> Option<Named<'a>> {
        let text = self.value("href")?;
        let rel = self.value("rel")?.to_ascii_lowercase();
        let is = |name: &str| rel.split_ascii_whitespace().any(|word| word == name);
        let named = |kind, is_hint| Some(Named { text, kind, is_hint });
        if is("stylesheet") {
            let kind = essence(self.value("type").unwrap_or_default());
            let is_loaded = matches!(kind.as_str(), "" | "text/css") && !self.has("disabled");
            return named(ReferenceKind::StyleSheet, false).filter(|_| is_loaded);
        }
        if is("icon") {
            return named(ReferenceKind::Image, false);
        }
        if is("modulepreload") {
            return named(ReferenceKind::Script, true);
        }
        if !is("preload") {
            return None;
        }
        match self.value("as")?.to_ascii_lowercase().as_str() {
            "style" => named(ReferenceKind::StyleSheet, true),
            "script" => named(ReferenceKind::Script, true),
            "image" => named(ReferenceKind::Image, true),
            "font" | "fetch" | "track" => named(ReferenceKind::Other, true),
            // Browsers load no other.
            _ => None,
        }
    }
}

/// The URL of the first image of a `srcset` (HTML standard, section 4.8.4.2).
fn first_candidate(set: &str) -> Option<&str> {
    let set = set.trim_start_matches(|c: char| c == ',' || c.is_ascii_whitespace());
    let first = set.split_ascii_whitespace().next()?;
    Some(first.trim_end_matches(','))
}

/// A MIME type in lower case, without its parameters.
fn essence(kind: &str) -> String {
    kind.split(';').next().unwrap_or_default().trim_ascii().to_ascii_lowercase()
}
