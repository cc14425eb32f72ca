//! Owns XML: a small tree to write, and the text of leaves to read.

use std::fmt::Write as _;

use quick_xml::escape::{escape, resolve_predefined_entity};
use quick_xml::events::{BytesRef, Event};
use quick_xml::reader::Reader;

/// The namespace of CloudFront's API.
pub(crate) const NAMESPACE: &str = "http://cloudfront.amazonaws.com/doc/2020-05-31/";

/// An element to write.
#[derive(Clone, Debug)]
pub(crate) struct Element {
    name: &'static str,
    content: Content,
}

#[derive(Clone, Debug)]
enum Content {
    Text(String),
    Children(Vec<Element>),
}

impl Element {
    pub fn new(name: &'static str) -> Self {
        Self { name, content: Content::Children(Vec::new()) }
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "numbers and strings alike, without ceremony at the call"
    )]
    pub fn text(name: &'static str, text: impl ToString) -> Self {
        Self { name, content: Content::Text(text.to_string()) }
    }

    pub fn child(mut self, child: Self) -> Self {
        if let Content::Children(children) = &mut self.content {
            children.push(child);
        }
        self
    }

    pub fn leaf(self, name: &'static str, text: impl ToString) -> Self {
        self.child(Self::text(name, text))
    }

    pub fn maybe(self, child: Option<Self>) -> Self {
        match child {
            Some(child) => self.child(child),
            None => self,
        }
    }

    pub fn children(self, children: impl IntoIterator<Item = Self>) -> Self {
        children.into_iter().fold(self, Self::child)
    }

    /// CloudFront's way to write a list: `Quantity`, and `Items` unless there are none.
    pub fn list(self, items: Vec<Self>) -> Self {
        let this = self.leaf("Quantity", items.len());
        if items.is_empty() {
            return this;
        }
        this.child(Self::new("Items").children(items))
    }

    /// The document with this element as its root.
    pub fn document(&self) -> String {
        let mut out = String::from("<?xml version=\"1.0\"?>\n");
        self.write(&mut out, Some(NAMESPACE));
        out
    }

    fn write(&self, out: &mut String, namespace: Option<&str>) {
        let name = self.name;
        // Writing to a string cannot fail.
        let _ = match namespace {
            Some(namespace) => write!(out, "<{name} xmlns=\"{namespace}\">"),
            None => write!(out, "<{name}>"),
        };
        match &self.content {
            Content::Text(text) => out.push_str(&escape(text.as_str())),
            Content::Children(children) => {
                for child in children {
                    child.write(out, None);
                }
            }
        }
        let _ = write!(out, "</{name}>");
    }
}

/// Deeper than anything that the API is sent.
const DEEPEST: usize = 16;

/// A document that is not well-formed, or deeper than the API's.
#[derive(Debug)]
pub(crate) struct NotWellFormed;

/// Every leaf of the document in order: the names on the way down to it, joined by `/`, and its text.
pub(crate) fn leaves(document: &str) -> Result<Vec<(String, String)>, NotWellFormed> {
    let mut reader = Reader::from_str(document);
    let (mut path, mut text, mut found): (Vec<String>, _, _) = (Vec::new(), String::new(), Vec::new());
    let mut leaf = false;
    loop {
        match reader.read_event().map_err(|_| NotWellFormed)? {
            Event::Start(_) if path.len() == DEEPEST => return Err(NotWellFormed),
            Event::Start(start) => {
                path.push(String::from_utf8_lossy(start.local_name().as_ref()).into_owned());
                text.clear();
                leaf = true;
            }
            Event::Empty(empty) => {
                let name = String::from_utf8_lossy(empty.local_name().as_ref()).into_owned();
                path.push(name);
                found.push((path.join("/"), String::new()));
                path.pop();
                leaf = false;
            }
            Event::Text(part) => text.push_str(&part.decode().map_err(|_| NotWellFormed)?),
            Event::CData(part) => text.push_str(&part.decode().map_err(|_| NotWellFormed)?),
            Event::GeneralRef(entity) => text.push_str(&resolve(&entity)?),
            Event::End(_) => {
                if std::mem::take(&mut leaf) {
                    found.push((path.join("/"), std::mem::take(&mut text)));
                }
                path.pop();
            }
            Event::Eof if path.is_empty() && !found.is_empty() => return Ok(found),
            Event::Eof => return Err(NotWellFormed),
            _ => {}
        }
    }
}

fn resolve(entity: &BytesRef<'_>) -> Result<String, NotWellFormed> {
    if let Some(character) = entity.resolve_char_ref().map_err(|_| NotWellFormed)? {
        return Ok(character.to_string());
    }
    let name = entity.decode().map_err(|_| NotWellFormed)?;
    resolve_predefined_entity(&name).map(str::to_owned).ok_or(NotWellFormed)
}
