//! The files that an HTML page needs, as the beginning of its body names them.

mod element;
mod judge;
#[cfg(test)]
mod tests;

use html5gum::{DefaultEmitter, StartTag, Token, Tokenizer};
use url::{Host, Url};

use element::{Element, Named};

pub use element::ReferenceKind;
pub use judge::{ReferenceOutcome, ReferenceSeen, judge_references, needs_references};

/// A file that a page loads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The URL that a browser asks for, without a fragment.
    pub url: Url,
    pub kind: ReferenceKind,
    /// Whether browsers refuse to load it: a script or a style sheet by `http` in a page by `https`. It may then be
    /// on any host, and nobody needs to look at it.
    pub is_mixed: bool,
}

/// The most references of one page, in its order.
pub const REFERENCES_MAX: usize = 30;
/// Only so much of a body is read, in bytes.
const READ: usize = 64 * 1024;
/// The longest URL of a reference, in bytes. CloudFront refuses more than 8,192 (developer guide, "Quotas").
const URL_MAX: usize = 2048;

/// The page that references are read from.
pub struct PageSource<'a> {
    /// The URL of the page, after its redirects.
    pub url: &'a Url,
    /// The beginning of its body, which may end anywhere.
    pub beginning: &'a [u8],
    /// The values of its `Content-Security-Policy` headers.
    pub policies: &'a [&'a str],
    /// Whether the site serves this host. References to other hosts are left out.
    pub is_own_host: &'a dyn Fn(&str) -> bool,
}

/// Reads what a browser with scripts loads of the page's own site by its HTML alone: style sheets, scripts, images,
/// icons and preloads, and the scripts and style sheets that it refuses to load as mixed content. Each URL is there
/// once.
///
/// Tags are read as the HTML standard says, and the text in them as UTF-8: a value in another charset is left out
/// where it is not ASCII. What stands in comments, in `<template>` or in `<noscript>` is not loaded.
#[must_use]
pub fn page_references(page: &PageSource<'_>) -> Vec<Reference> {
    references_of(page, |_| true)
}

/// The scripts among what [`page_references`] reads, with the same bound. Those that browsers refuse are not among them.
#[must_use]
pub fn page_scripts(page: &PageSource<'_>) -> Vec<Reference> {
    references_of(page, |reference| reference.kind == ReferenceKind::Script && !reference.is_mixed)
}

fn references_of(page: &PageSource<'_>, is_wanted: fn(&Reference) -> bool) -> Vec<Reference> {
    let mut reader = PageReader {
        page,
        base: page.url.clone(),
        has_base: false,
        templates: 0,
        upgrades: page.policies.iter().any(|policy| upgrades_insecure(policy)),
        is_wanted,
        found: Vec::new(),
    };
    // The contents of scripts and of `<noscript>` are text.
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    let read = &page.beginning[..page.beginning.len().min(READ)];
    // A tag that the end of what was read cuts is no token.
    for Ok(token) in Tokenizer::new_with_emitter(read, emitter) {
        match token {
            Token::StartTag(tag) => reader.start(&tag),
            Token::EndTag(tag) if tag.name == b"template" => {
                reader.templates = reader.templates.saturating_sub(1);
            }
            _ => {}
        }
        if reader.found.len() >= REFERENCES_MAX {
            break;
        }
    }
    reader.found
}

/// What is known at one place of the page.
struct PageReader<'a> {
    page: &'a PageSource<'a>,
    /// What relative URLs are relative to from here on.
    base: Url,
    has_base: bool,
    /// The templates that are open here.
    templates: usize,
    /// Whether a policy lets browsers load everything by `https`.
    upgrades: bool,
    is_wanted: fn(&Reference) -> bool,
    found: Vec<Reference>,
}

impl PageReader<'_> {
    fn start(&mut self, tag: &StartTag<()>) {
        let tag = Element(tag);
        if tag.is("template") {
            self.templates += 1;
        }
        if self.templates > 0 {
            return;
        }
        if tag.is("base") {
            self.set_base(tag);
        }
        // A policy counts for what comes after it (Content Security Policy level 3, section 3.3).
        self.upgrades |= tag.policy().is_some_and(upgrades_insecure);
        for named in tag.named().into_iter().flatten() {
            self.add(&named);
        }
    }

    /// Only the first `<base>` with a `href` counts, and not one that leads to `data:` or `javascript:` (HTML standard,
    /// section 4.2.3).
    fn set_base(&mut self, tag: Element<'_>) {
        let Some(href) = tag.value("href").filter(|_| !self.has_base) else { return };
        self.has_base = true;
        let base = self.page.url.join(href).ok();
        if let Some(base) = base.filter(|base| matches!(base.scheme(), "http" | "https")) {
            self.base = base;
        }
    }

    fn add(&mut self, named: &Named<'_>) {
        let Some(reference) = self.reference(named).filter(self.is_wanted) else { return };
        // A preload comes before what it is for, and knows less of it.
        match self.found.iter_mut().find(|known| known.url == reference.url) {
            Some(known) if known.kind == ReferenceKind::Other => known.kind = reference.kind,
            Some(_) => {}
            None => self.found.push(reference),
        }
    }

    /// What the browser loads for a text, if we look at it or the browser refuses it.
    fn reference(&self, named: &Named<'_>) -> Option<Reference> {
        let text = named.text.trim_ascii();
        if text.is_empty() || text.starts_with('#') || text.len() > URL_MAX {
            return None;
        }
        let mut url = self.base.join(text).ok()?;
        url.set_fragment(None);
        let is_http = url.scheme() == "http";
        if !(is_http || url.scheme() == "https") || url.as_str().len() > URL_MAX {
            return None;
        }
        if is_http && self.page.url.scheme() == "https" {
            // What runs on the viewer's own machine counts as secure (Secure Contexts, section 3.1).
            if is_this_machine(&url) {
                return None;
            }
            if !self.upgrades && named.is_blockable() {
                return Some(Reference { url, kind: named.kind, is_mixed: true });
            }
            // Browsers ask for images by `https` by themselves (Mixed Content, section 4.1). A preload is only a hint.
            if !self.upgrades && named.kind != ReferenceKind::Image {
                return None;
            }
            url.set_scheme("https").ok()?;
        }
        let is_plain = url.port().is_none() && url.username().is_empty() && url.password().is_none();
        let is_own = is_plain && url.host_str().is_some_and(|host| (self.page.is_own_host)(host));
        let is_page = url[..url::Position::AfterQuery] == self.page.url[..url::Position::AfterQuery];
        (is_own && !is_page).then_some(Reference { url, kind: named.kind, is_mixed: false })
    }
}

/// Whether a policy has `upgrade-insecure-requests`: browsers then load all by `https`.
fn upgrades_insecure(policy: &str) -> bool {
    let mut directives = policy.split([';', ',']);
    directives.any(|directive| directive.trim().eq_ignore_ascii_case("upgrade-insecure-requests"))
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}
