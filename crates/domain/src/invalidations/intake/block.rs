//! Finds the parts of a text that span several lines: JSON, sitemaps, commands and the lists of rsync.

use super::{
    Entry, IntakeError, Reading, SkipReason, create_invalidation, found::Found, json, json_shapes,
    lines::Line, rsync_block, sitemap,
};

/// Reads blocks. Each kind that once did not end is not tried again at later lines, so that the work stays linear.
pub(super) struct Blocks<'a> {
    text: &'a str,
    lines: &'a [Line<'a>],
    /// JSON over several lines is tried only from this line on.
    json_from: usize,
    sitemaps_end: bool,
    commands_end: bool,
}

impl<'a> Blocks<'a> {
    pub(super) const fn new(text: &'a str, lines: &'a [Line<'a>]) -> Self {
        Self { text, lines, json_from: 0, sitemaps_end: true, commands_end: true }
    }

    /// Reads the block that begins at the line with this index. The index of the line behind it.
    pub(super) fn read(&mut self, at: usize, entries: &mut Vec<Entry>) -> Option<usize> {
        let line = self.lines.get(at)?;
        if line.text.starts_with(['{', '[']) {
            return self.json(at, entries);
        }
        if sitemap::may_begin(line) {
            return self.sitemap(at, entries);
        }
        if !line.text.starts_with('/') && create_invalidation::is_in(line) {
            return Some(self.command(at, entries));
        }
        rsync_block::read(self.lines, at, entries)
    }

    fn json(&mut self, at: usize, entries: &mut Vec<Entry>) -> Option<usize> {
        let line = self.lines[at];
        if let Some(json) = line.text.ends_with(['}', ']']).then(|| json::Json::parse(line.text)).flatten() {
            entries.extend(json_shapes::entries(&json, line.number, line.text));
            return Some(at + 1);
        }
        let opens = line.text[1..].trim_start().chars().next().is_none_or(|c| "\"{[]}".contains(c));
        if at < self.json_from || !opens {
            return None;
        }
        let begin = line.start + line.raw.find(['{', '['])?;
        let Some(length) = json::end_of(&self.text[begin..]) else {
            self.json_from = usize::MAX;
            return None;
        };
        let end = self.lines.partition_point(|line| line.start < begin + length);
        // What stands behind the JSON on its last line would be lost, so such lines are read one by one.
        let behind = self.text[begin + length..].lines().next().unwrap_or_default();
        let has_words = behind.contains(|c: char| c.is_alphanumeric() || "/#*{[".contains(c));
        let parsed = if has_words { None } else { json::Json::parse(&self.text[begin..begin + length]) };
        let Some(json) = parsed else {
            self.json_from = end;
            return None;
        };
        entries.extend(json_shapes::entries(&json, line.number, line.text));
        Some(end)
    }

    fn sitemap(&mut self, at: usize, entries: &mut Vec<Entry>) -> Option<usize> {
        let line = self.lines[at];
        if !self.sitemaps_end {
            return None;
        }
        let begin = line.start + line.raw.find('<')?;
        let length = sitemap::end_of(&self.text[begin..]);
        let end = self.lines.partition_point(|line| line.start < begin + length);
        let found = sitemap::entries(&self.text[begin..begin + length], begin, &self.lines[at..end]);
        self.sitemaps_end = found.is_some();
        entries.append(&mut found?);
        // Yoast's sitemaps of WordPress end with the name of the program.
        let is_comment = |line: &&Line<'_>| line.text.starts_with("<!--") && line.text.ends_with("-->");
        let comments = self.lines[end..].iter().take_while(is_comment);
        let told = comments.map(|line| Found::skipped(SkipReason::SitemapDetail).add_to(line, entries));
        Some(end + told.count())
    }

    fn command(&mut self, at: usize, entries: &mut Vec<Entry>) -> usize {
        let line = self.lines[at];
        // One that does not end is looked for to the end of the text once. Then each has to end on its own line.
        let text = if self.commands_end { self.text } else { &self.text[..line.start + line.raw.len()] };
        let read = create_invalidation::read(text, self.lines, at, entries);
        if let Some(end) = read {
            return end;
        }
        self.commands_end = false;
        let reading = Reading::Refused(IntakeError::UnclosedCommand);
        entries.push(Entry { number: line.number, typed: line.text.to_owned(), reading });
        at + 1
    }
}
