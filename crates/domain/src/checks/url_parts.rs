//! The parts of a URL that was looked at on which a cause depends.

/// A URL, taken apart. A URL that cannot be parsed has an empty host and path, from which nothing follows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct UrlParts {
    pub https: bool,
    pub host: String,
    /// The path as it is sent, percent-encoded.
    pub path: String,
    /// Whether it is a signed URL of CloudFront.
    pub is_signed: bool,
}

impl UrlParts {
    pub fn of(url: &str) -> Self {
        let Ok(url) = url::Url::parse(url) else { return Self::default() };
        Self {
            https: url.scheme() == "https",
            host: url.host_str().unwrap_or_default().to_ascii_lowercase(),
            path: url.path().to_owned(),
            is_signed: url.query_pairs().any(|(name, _)| name == "Key-Pair-Id"),
        }
    }

    pub fn is_root(&self) -> bool {
        self.path == "/"
    }

    /// Whether the path names a folder, or a page without an extension, as links on a site often do. Paths below
    /// `/.well-known/` have no extension by their standards and are files.
    pub fn is_folder(&self) -> bool {
        let last = self.path.rsplit('/').next().unwrap_or_default();
        !self.path.is_empty()
            && !self.is_root()
            && !last.contains('.')
            && !self.path.starts_with("/.well-known/")
    }

    /// The extension of the file's name in lower case, without the dot. `None` if the name has none.
    pub fn extension(&self) -> Option<String> {
        let last = self.path.rsplit('/').next()?;
        let (name, extension) = last.rsplit_once('.')?;
        (!name.is_empty()).then(|| extension.to_ascii_lowercase())
    }

    /// Whether one of these names matches the host. A wildcard alias matches any number of labels (developer guide,
    /// alternate-domain-names-wildcard).
    pub fn is_host_of(&self, names: &[String]) -> bool {
        names.iter().any(|name| {
            let name = name.to_ascii_lowercase();
            match name.strip_prefix('*') {
                Some(below) => self.host.ends_with(below),
                None => self.host == name,
            }
        })
    }
}

/// The text with `%XX` replaced. An escape that is not whole stays as it is.
pub(super) fn percent_decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart() {
        let parts = UrlParts::of("https://WWW.example.com/a%20b/caf%C3%A9%zz.Html?v=1#top");
        assert!(parts.https && parts.host == "www.example.com");
        assert_eq!(parts.extension().as_deref(), Some("html"));
        assert!(!parts.is_signed && UrlParts::of("https://a.example/?Policy=p&Key-Pair-Id=K").is_signed);
        assert_eq!(UrlParts::of("not a url"), UrlParts::default());
    }

    #[test]
    fn folders_are_told_from_files() {
        let folder = |path: &str| UrlParts::of(&format!("https://a.example{path}")).is_folder();
        for path in ["/docs/", "/docs", "/a.b/c"] {
            assert!(folder(path), "{path}");
        }
        for path in ["/", "/docs/a.html", "/.env", "/.well-known/apple-app-site-association"] {
            assert!(!folder(path), "{path}");
        }
        assert!(!UrlParts::default().is_folder());
    }

    #[test]
    fn a_wildcard_alias_matches_any_number_of_labels() {
        let of =
            |host: &str, name: &str| UrlParts::of(&format!("https://{host}/")).is_host_of(&[name.to_owned()]);
        assert!(of("a.b.example.com", "*.Example.com") && of("www.example.com", "www.example.com"));
        assert!(!of("example.com", "*.example.com") && !of("anexample.com", "*.example.com"));
    }

    #[test]
    fn a_key_is_decoded_and_a_broken_escape_stays() {
        for (path, key) in
            [("a%20b/caf%C3%A9", "a b/café"), ("50%", "50%"), ("%zz%4", "%zz%4"), ("a+b", "a+b")]
        {
            assert_eq!(percent_decoded(path), key);
        }
    }
}
