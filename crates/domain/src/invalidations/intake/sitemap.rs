//! Reads sitemaps and sitemap indexes (sitemaps.org), also within other text.

use xmlparser::{ElementEnd, Token, Tokenizer};

use super::{
    Entry, IntakeError, Reading, SkipReason,
    context::Context,
    found::Found,
    lines::{Line, starts_with_http},
};
use crate::checks::sitemap::decoded;

/// The deepest element that is looked at.
const DEPTH_MAX: usize = 64;

/// Whether a sitemap may begin at this line.
pub(super) fn may_begin(line: &Line<'_>) -> bool {
    ["<?xml", "<urlset", "<sitemapindex"].iter().any(|begin| line.text.starts_with(begin))
}

/// Where the sitemap ends that begins here, in bytes.
pub(super) fn end_of(text: &str) -> usize {
    let ends = ["</urlset>", "</sitemapindex>"];
    let end = ends.iter().filter_map(|end| Some(text.find(end)? + end.len())).min();
    end.unwrap_or(text.len())
}

/// The entries of a sitemap. `None` if it is another document. `lines` are those of the text `xml`, which begins at
/// byte `start` of the whole text.
pub(super) fn entries(xml: &str, start: usize, lines: &[Line<'_>]) -> Option<Vec<Entry>> {
    let mut reader =
        Reader { start, lines, is_index: None, open: Vec::new(), location: None, entries: Vec::new() };
    for token in Tokenizer::from(xml) {
        match token {
            Ok(Token::DtdStart { span, .. } | Token::EmptyDtd { span, .. }) => {
                reader.refuse(span.start(), IntakeError::DocumentType);
                return Some(reader.entries);
            }
            Ok(token) => reader.take(&token)?,
            Err(_) => {
                reader.is_index?;
                reader.refuse(xml.len().saturating_sub(1), IntakeError::BrokenSitemap);
                return Some(reader.entries);
            }
        }
    }
    reader.is_index?;
    if !reader.open.is_empty() || reader.entries.is_empty() {
        reader.refuse(xml.len().saturating_sub(1), IntakeError::BrokenSitemap);
    }
    Some(reader.entries)
}

/// A line of a sitemap that was pasted without its first line.
pub(super) fn of_fragment(text: &str, context: &Context) -> Option<Found> {
    if !context.sitemap || !text.starts_with('<') {
        return None;
    }
    if let Some(rest) = text.strip_prefix("<url>").unwrap_or(text).strip_prefix("<loc>") {
        let (location, _) = rest.split_once("</loc>")?;
        let url = decoded(location.trim());
        return starts_with_http(&url).then_some(Found::One(Reading::Typed(url)));
    }
    let details = ["<url>", "</url>", "<lastmod>", "<changefreq>", "<priority>", "</urlset>"];
    details.iter().any(|begin| text.starts_with(begin)).then(|| Found::skipped(SkipReason::SitemapDetail))
}

struct Reader<'a> {
    start: usize,
    lines: &'a [Line<'a>],
    /// `None` before the first element.
    is_index: Option<bool>,
    /// The names of the open elements.
    open: Vec<String>,
    /// The location that is open, and where its text begins.
    location: Option<(usize, String)>,
    entries: Vec<Entry>,
}

impl Reader<'_> {
    /// `None` if the document is no sitemap.
    fn take(&mut self, token: &Token<'_>) -> Option<()> {
        match token {
            Token::ElementStart { local, .. } => self.begin(local.as_str())?,
            Token::ElementEnd { end: ElementEnd::Close(..) | ElementEnd::Empty, .. } => self.end(),
            Token::Text { text } => self.add(text.start(), &decoded(text.as_str())),
            Token::Cdata { text, .. } => self.add(text.start(), text.as_str()),
            _ => {}
        }
        Some(())
    }

    fn begin(&mut self, name: &str) -> Option<()> {
        if self.open.is_empty() && self.is_index.is_none() {
            self.is_index = Some(match name {
                "urlset" => false,
                "sitemapindex" => true,
                _ => return None,
            });
        }
        self.open.push(name.to_owned());
        (self.open.len() <= DEPTH_MAX).then_some(())
    }

    /// An image has a location too, and is deeper.
    fn add(&mut self, at: usize, text: &str) {
        let is_location = matches!(&self.open[..], [_, entry, location]
            if (entry == "url" || entry == "sitemap") && location == "loc");
        if !is_location {
            return;
        }
        match &mut self.location {
            Some((_, location)) => location.push_str(text),
            None => self.location = Some((at + text.len() - text.trim_start().len(), text.to_owned())),
        }
    }

    fn end(&mut self) {
        if let Some((at, location)) = self.location.take() {
            let typed = location.trim().to_owned();
            let is_index = self.is_index == Some(true);
            let reading = if is_index {
                Reading::Refused(IntakeError::SitemapOfIndex)
            } else if starts_with_http(&typed) {
                Reading::Typed(typed.clone())
            } else {
                Reading::Refused(IntakeError::BrokenSitemap)
            };
            self.entries.push(Entry { number: self.number(at), typed, reading });
        }
        self.open.pop();
    }

    fn refuse(&mut self, at: usize, error: IntakeError) {
        let number = self.number(at);
        let typed = self.lines.iter().rev().find(|line| line.number <= number);
        let typed = typed.map_or("", |line| line.text).to_owned();
        self.entries.push(Entry { number, typed, reading: Reading::Refused(error) });
    }

    /// The number of the line with this byte of the document.
    fn number(&self, at: usize) -> usize {
        let after = self.lines.partition_point(|line| line.start <= self.start + at);
        self.lines.get(after.saturating_sub(1)).map_or(1, |line| line.number)
    }
}
