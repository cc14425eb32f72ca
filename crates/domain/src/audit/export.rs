//! The export formats of events: a verifiable line of JSON, a row of CSV, and an API Activity of OCSF.

use super::{Acting, Chained, form::quoted, ocsf};
use crate::{invalidations::item::Item, time::Timestamp};

/// The format of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Csv,
    Jsonl,
    Ocsf,
}

/// The byte-order mark of UTF-8: without it, Excel reads a CSV file in the code page of its machine.
pub const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

impl Form {
    /// The bytes before the first event.
    #[must_use]
    pub fn opening(self) -> Vec<u8> {
        match self {
            Self::Csv => csv_row(COLUMNS.iter().map(|column| (*column).to_owned())),
            Self::Jsonl | Self::Ocsf => Vec::new(),
        }
    }

    /// The bytes before the first event in a file for spreadsheets. CSV gets a byte-order mark; JSON must not have
    /// one (RFC 8259, 8.1).
    #[must_use]
    pub fn opening_with_mark(self) -> Vec<u8> {
        match self {
            Self::Csv => [BYTE_ORDER_MARK, &self.opening()].concat(),
            Self::Jsonl | Self::Ocsf => self.opening(),
        }
    }

    /// Appends an event to `out`.
    pub fn write(self, out: &mut Vec<u8>, chained: &Chained) {
        match self {
            Self::Csv => out.extend(inert_csv_row(cells(chained))),
            Self::Jsonl => {
                out.extend(jsonl(chained).into_bytes());
                out.push(b'\n');
            }
            Self::Ocsf => {
                out.extend(ocsf::api_activity(chained).to_string().into_bytes());
                out.push(b'\n');
            }
        }
    }

    /// The last line of an export that failed before its end. No reader accepts it as an event.
    #[must_use]
    pub const fn broken_off(self) -> &'static [u8] {
        match self {
            Self::Csv => b"The export broke off here: it is not whole.\r\n",
            Self::Jsonl | Self::Ocsf => b"{\"error\":\"The export broke off here: it is not whole.\"}\n",
        }
    }

    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Jsonl | Self::Ocsf => "application/jsonl; charset=utf-8",
        }
    }

    /// The extension of the file name, without the first dot.
    #[must_use]
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
            Self::Ocsf => "ocsf.jsonl",
        }
    }
}

/// The line of JSON for an event, without the line feed.
#[must_use]
pub fn jsonl(chained: &Chained) -> String {
    let mut out = String::with_capacity(chained.form.len() + 100);
    line(&mut out, &chained.form, &chained.hash);
    out
}

/// Appends a stored form with its hash, as `unstale audit verify --file` reads them.
pub fn line(out: &mut String, form: &str, hash: &str) {
    out.push_str("{\"event\":");
    out.push_str(form);
    out.push_str(",\"hash\":");
    out.push_str(&quoted(hash));
    out.push('}');
}

const COLUMNS: [&str; 32] = [
    "sequence",
    "at",
    "at_utc",
    "actor_kind",
    "actor_id",
    "actor_name",
    "sign_in",
    "session",
    "client_address",
    "request_id",
    "action",
    "target_kind",
    "target_id",
    "distribution",
    "invalidation",
    "items",
    "items_count",
    "items_sha256",
    "reason",
    "outcome",
    "note",
    "aws_request_id",
    "cloudfront_id",
    "old",
    "new",
    "version",
    "previous_hash",
    "hash",
    "done_at",
    "run_url",
    "idempotency_key",
    "requested_by",
];

fn cells(chained: &Chained) -> impl Iterator<Item = String> {
    let event = &chained.event;
    let Acting { actor, origin } = &event.acting;
    let shown: Vec<&str> = event.items.shown.iter().map(Item::as_str).collect();
    [
        chained.sequence.to_string(),
        event.at.to_string(),
        for_spreadsheets(event.at),
        actor.kind().as_str().to_owned(),
        actor.id().to_owned(),
        actor.name().to_owned(),
        origin.sign_in.clone(),
        origin.session.clone(),
        origin.client_address.clone(),
        origin.request_id.clone(),
        event.action.as_str().to_owned(),
        event.target.kind().to_owned(),
        event.target.id().to_owned(),
        event.distribution.as_ref().map(ToString::to_string).unwrap_or_default(),
        event.invalidation.as_ref().map(ToString::to_string).unwrap_or_default(),
        shown.join(" "),
        event.items.count.to_string(),
        event.items.sha256.clone(),
        event.reason.clone(),
        event.outcome.as_str().to_owned(),
        event.note.clone(),
        event.aws_request_id.clone(),
        event.cloudfront_id.clone(),
        event.old.clone(),
        event.new.clone(),
        super::VERSION.to_string(),
        chained.previous_hash.clone(),
        chained.hash.clone(),
        event.done_at.map(|at| at.to_string()).unwrap_or_default(),
        origin.via.run_url.clone(),
        origin.via.idempotency_key.clone(),
        event.requested_by.as_ref().map(|actor| actor.name().to_owned()).unwrap_or_default(),
    ]
    .into_iter()
}

/// A time in UTC such as `2026-11-28 07:52:00`. Spreadsheets read this format as a time, but RFC 3339 as text.
fn for_spreadsheets(at: Timestamp) -> String {
    at.to_string().chars().take(19).map(|c| if c == 'T' { ' ' } else { c }).collect()
}

/// The characters that can begin a formula, with their full-width forms.
const SIGNS: [char; 8] = ['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];
/// The characters that a spreadsheet may use as separators instead of commas, by setting or by guess. A new cell
/// may begin after each.
const SEPARATORS: [char; 5] = [';', '\t', '|', '\r', '\n'];

/// Puts an apostrophe before a cell that a spreadsheet would read as a formula.
fn inert(cell: String) -> String {
    let risky = cell.trim_start().starts_with(SIGNS) || cell.starts_with(['\t', '\r', '\n']);
    let cell = if cell.contains(SEPARATORS) { inert_within(&cell) } else { cell };
    if risky { format!("'{cell}") } else { cell }
}

/// Puts an apostrophe before a formula that follows a separator, also if spaces or quotes stand between them.
fn inert_within(cell: &str) -> String {
    let mut out = String::with_capacity(cell.len() + 8);
    let mut begins = false;
    for c in cell.chars() {
        if begins && SIGNS.contains(&c) {
            out.push('\'');
        }
        out.push(c);
        begins = SEPARATORS.contains(&c) || begins && (c.is_whitespace() || c == '"');
    }
    out
}

/// A row of CSV in which no cell is read as a formula.
#[must_use]
pub fn inert_csv_row(cells: impl IntoIterator<Item = String>) -> Vec<u8> {
    csv_row(cells.into_iter().map(inert))
}

/// A row of CSV (RFC 4180), with CRLF at its end.
fn csv_row(cells: impl Iterator<Item = String>) -> Vec<u8> {
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::with_capacity(512));
    // Writing into memory cannot fail.
    let _ = writer.write_record(cells.map(String::into_bytes));
    writer.into_inner().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::audit::{Action, Event, GENESIS, ItemsRecord};

    fn hostile(reason: &str) -> Chained {
        let mut event =
            Event::new(Timestamp::from_micros(1), &Acting::service(), Action::InvalidationRequested);
        reason.clone_into(&mut event.reason);
        event.items = ItemsRecord::of(&[Item::from_trusted("/a")]);
        Chained::new(1, event, GENESIS.to_owned())
    }

    /// The reason as it is written to the file.
    fn as_written(reason: &str) -> String {
        let mut out = Vec::new();
        Form::Csv.write(&mut out, &hostile(reason));
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(out.as_slice());
        let row = reader.records().next().unwrap().unwrap();
        assert_eq!(row.len(), COLUMNS.len());
        row[18].to_owned()
    }

    #[test]
    fn a_formula_is_only_text_in_a_spreadsheet() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\u{ff1d}1", "\tno formula", "\nno formula"] {
            assert_eq!(as_written(formula), format!("'{formula}"));
        }
    }

    #[test]
    fn a_formula_is_only_text_also_where_something_else_than_commas_separates() {
        for (reason, written) in [
            ("a;=1+1", "a;'=1+1"),
            ("a; \u{a0}@SUM(A1)", "a; \u{a0}'@SUM(A1)"),
            ("a\t-1", "a\t'-1"),
            ("a|+1|\u{ff0b}1", "a|'+1|'\u{ff0b}1"),
            ("a\r\n=1", "a\r\n'=1"),
            ("a\n\n\u{ff1d}1\r\u{ff20}x", "a\n\n'\u{ff1d}1\r'\u{ff20}x"),
            ("a;\"=1\"", "a;\"'=1\""),
            (";;\u{ff0d}1", ";;'\u{ff0d}1"),
            ("=1;=1", "'=1;'=1"),
            ("\t=1", "'\t'=1"),
            ("\r=1", "'\r'=1"),
        ] {
            assert_eq!(as_written(reason), written, "{reason:?}");
        }
    }

    #[test]
    fn what_no_spreadsheet_takes_for_a_formula_is_left_as_it_is() {
        for reason in [
            "",
            "a=1",
            "a;b=1",
            "WEB-412; see a|b",
            "a, =1",
            "a \"b\" -1",
            "line\r\nline;\tcell",
            "'=1",
            "a;'=1",
        ] {
            assert_eq!(as_written(reason), reason);
        }
    }

    #[test]
    fn a_cell_with_quotes_and_lines_reads_back() {
        let mut out = Vec::new();
        let reason = "a \"b\", c\r\nd";
        Form::Csv.write(&mut out, &hostile(reason));
        assert!(out.ends_with(b"\r\n"));
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(out.as_slice());
        assert_eq!(&reader.records().next().unwrap().unwrap()[18], reason);
    }

    #[test]
    fn a_spreadsheet_reads_the_letters_and_the_times() {
        let mut out = Form::Csv.opening_with_mark();
        assert!(out.starts_with("\u{feff}sequence,at,at_utc,".as_bytes()));
        assert!(Form::Csv.opening().starts_with(b"sequence,at,at_utc,"), "programs get it without the mark");
        assert!(Form::Jsonl.opening_with_mark().is_empty() && Form::Ocsf.opening_with_mark().is_empty());
        Form::Csv.write(&mut out, &hostile("Bücher"));
        // The reader leaves a mark out by itself, as others do.
        let mut reader = csv::Reader::from_reader(out.as_slice());
        assert_eq!(&reader.headers().unwrap()[0], "sequence");
        let row = reader.records().next().unwrap().unwrap();
        assert_eq!((&row[1], &row[2]), ("1970-01-01T00:00:00.000001Z", "1970-01-01 00:00:00"));
        assert_eq!(&row[18], "Bücher");
    }

    #[test]
    fn each_event_is_one_line_of_json() {
        for form in [Form::Jsonl, Form::Ocsf] {
            let mut out = Vec::new();
            form.write(&mut out, &hostile("a\r\nb\u{2028}c\u{0}"));
            assert_eq!(out.split(|byte| *byte == b'\n').count(), 2, "one line end");
            let value: Value = serde_json::from_slice(&out).unwrap();
            assert!(value.is_object());
        }
    }
}
