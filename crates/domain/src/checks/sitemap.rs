//! Reads sitemaps (sitemaps.org), as far as their locations go.

use xmlparser::{ElementEnd, Token, Tokenizer};

/// What a sitemap file names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sitemap {
    pub kind: SitemapKind,
    pub locations: Vec<String>,
    /// Whether it goes on, or cannot be read to its end.
    pub is_cut: bool,
}

/// What the locations of a file are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SitemapKind {
    Urls,
    /// Further files.
    Index,
}

/// The most locations of one file (sitemaps.org).
const LOCATIONS_MAX: usize = 50_000;
/// The deepest element that is looked at.
const DEPTH_MAX: usize = 64;

impl Sitemap {
    /// Reads the beginning of a file. `None` if it is no sitemap. What it declares of its own, such as entities, is not
    /// read, and nothing is fetched for it.
    #[must_use]
    pub fn read(beginning: &[u8], is_cut: bool) -> Option<Self> {
        let text = match std::str::from_utf8(beginning) {
            Ok(text) => text,
            // A cut may go through a letter.
            Err(error) => std::str::from_utf8(&beginning[..error.valid_up_to()]).ok()?,
        };
        let mut reader = Reader::default();
        for token in Tokenizer::from(text.trim_start_matches('\u{feff}').trim_start()) {
            match token {
                Ok(Token::DtdStart { .. } | Token::EmptyDtd { .. }) => return None,
                Ok(token) if reader.locations.len() < LOCATIONS_MAX => reader.take(&token)?,
                Ok(_) | Err(_) => {
                    reader.is_cut = true;
                    break;
                }
            }
        }
        let kind = reader.kind?;
        Some(Self {
            kind,
            locations: reader.locations,
            is_cut: is_cut || reader.is_cut || text.len() < beginning.len(),
        })
    }
}

/// Where in the file the reading is.
#[derive(Debug, Default)]
struct Reader {
    kind: Option<SitemapKind>,
    /// The names of the open elements.
    open: Vec<String>,
    /// The text of the location that is open.
    location: String,
    locations: Vec<String>,
    is_cut: bool,
}

impl Reader {
    /// `None` if the file is no sitemap.
    fn take(&mut self, token: &Token<'_>) -> Option<()> {
        match token {
            Token::ElementStart { local, .. } => self.begin(local.as_str())?,
            Token::ElementEnd { end: ElementEnd::Close(..) | ElementEnd::Empty, .. } => self.end(),
            Token::Text { text } if self.is_in_location() => {
                self.location.push_str(&decoded(text.as_str()));
            }
            Token::Cdata { text, .. } if self.is_in_location() => self.location.push_str(text.as_str()),
            _ => {}
        }
        Some(())
    }

    fn begin(&mut self, name: &str) -> Option<()> {
        if self.open.is_empty() {
            self.kind = Some(match name {
                "urlset" => SitemapKind::Urls,
                "sitemapindex" => SitemapKind::Index,
                _ => return None,
            });
        }
        self.open.push(name.to_owned());
        (self.open.len() <= DEPTH_MAX).then_some(())
    }

    fn end(&mut self) {
        if self.is_in_location() {
            let location = std::mem::take(&mut self.location);
            self.locations.extend(Some(location.trim().to_owned()).filter(|text| !text.is_empty()));
        }
        self.open.pop();
    }

    /// An image has a location too, and is deeper.
    fn is_in_location(&self) -> bool {
        matches!(&self.open[..], [_, entry, location]
            if (entry == "url" || entry == "sitemap") && location == "loc")
    }
}

/// The text with XML's own references replaced. Others stay as they are.
pub(crate) fn decoded(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        decoded.push_str(before);
        let reference = after.split_once(';').and_then(|(name, left)| Some((referenced(name)?, left)));
        let (letter, left) = reference.unwrap_or(('&', after));
        decoded.push(letter);
        rest = left;
    }
    decoded.push_str(rest);
    decoded
}

fn referenced(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locations(text: &str) -> Vec<String> {
        Sitemap::read(text.as_bytes(), false).unwrap().locations
    }

    #[test]
    fn the_locations_of_urls_are_read_and_those_of_images_are_not() {
        let text = "\u{feff}<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- made by x -->\n\
            <s:urlset xmlns:s=\"http://www.sitemaps.org/schemas/sitemap/0.9\" xmlns:image=\"http://i\">\n\
            <s:url><s:loc>\n https://www.example.com/a?b=1&amp;c=2 </s:loc><lastmod>2026-01-01</lastmod>\
            <image:image><image:loc>https://www.example.com/i.png</image:loc></image:image></s:url>\
            <url><loc><![CDATA[https://www.example.com/d&e]]></loc></url><url><loc/></url>\
            <url><loc>https://www.example.com/&#252;&#xFC;&own;</loc></url></s:urlset>";
        assert_eq!(
            locations(text),
            [
                "https://www.example.com/a?b=1&c=2",
                "https://www.example.com/d&e",
                "https://www.example.com/üü&own;"
            ]
        );
        let read = Sitemap::read(text.as_bytes(), false).unwrap();
        assert_eq!((read.kind, read.is_cut), (SitemapKind::Urls, false));
    }

    #[test]
    fn an_index_names_files() {
        let text = "<sitemapindex><sitemap><loc>https://a/1.xml</loc></sitemap></sitemapindex>";
        let read = Sitemap::read(text.as_bytes(), false).unwrap();
        assert_eq!((read.kind, read.locations), (SitemapKind::Index, vec!["https://a/1.xml".to_owned()]));
    }

    #[test]
    fn what_is_cut_is_read_so_far() {
        let whole = "<urlset><url><loc>https://a/ü</loc></url><url><loc>https://a/ü</loc></url></urlset>";
        let inside = whole.rfind('ü').unwrap() + 1;
        let read = Sitemap::read(&whole.as_bytes()[..inside], true).unwrap();
        assert_eq!((read.locations, read.is_cut), (vec!["https://a/ü".to_owned()], true));
        // The file itself breaks off, or is wrong further on.
        let broken = Sitemap::read(b"<urlset><url><loc>https://a/</loc></url><url <", false).unwrap();
        assert_eq!((broken.locations.len(), broken.is_cut), (1, true));
    }

    #[test]
    fn what_is_no_sitemap_is_none() {
        let declared = "<!DOCTYPE urlset [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><urlset><url><loc>&a;</loc></url></urlset>";
        for text in [
            "",
            "nothing",
            "<!doctype html><html><body>x</body></html>",
            "<rss></rss>",
            "\u{1f}\u{8b}",
            declared,
        ] {
            assert_eq!(Sitemap::read(text.as_bytes(), false), None, "{text}");
        }
        let deep = format!("<urlset>{}", "<a>".repeat(DEPTH_MAX));
        assert_eq!(Sitemap::read(deep.as_bytes(), false), None);
    }
}
