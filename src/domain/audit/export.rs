//! Events as they leave the house: a verifiable line of JSON, a row of CSV, and an API Activity of OCSF.

use serde_json::{Value, json};

use super::{
    Acting, Action, Chained, Outcome,
    canonical::{self, Fields},
};
use crate::domain::{actor::ActorKind, item::Item};

/// The forms of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Csv,
    Jsonl,
    Ocsf,
}

impl Form {
    /// What stands before the first event.
    #[must_use]
    pub fn opening(self) -> Vec<u8> {
        match self {
            Self::Csv => csv_row(COLUMNS.iter().map(|column| (*column).to_owned())),
            Self::Jsonl | Self::Ocsf => Vec::new(),
        }
    }

    /// Writes an event behind what stands in `out`.
    pub fn write(self, out: &mut Vec<u8>, chained: &Chained) {
        match self {
            Self::Csv => out.extend(csv_row(cells(chained).map(inert))),
            Self::Jsonl => {
                out.extend(jsonl(chained).into_bytes());
                out.push(b'\n');
            }
            Self::Ocsf => {
                out.extend(ocsf(chained).to_string().into_bytes());
                out.push(b'\n');
            }
        }
    }

    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Jsonl | Self::Ocsf => "application/jsonl; charset=utf-8",
        }
    }

    /// The end of a file's name.
    #[must_use]
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
            Self::Ocsf => "ocsf.jsonl",
        }
    }
}

/// An event's [`line`].
#[must_use]
pub fn jsonl(chained: &Chained) -> String {
    let mut out = String::with_capacity(1_200);
    line(&mut out, &chained.fields(), &chained.hash);
    out
}

/// Writes the canonical form with its hash, without the end of the line: what `unstale audit verify --file` reads.
pub fn line(out: &mut String, fields: &Fields<'_>, hash: &str) {
    out.push_str("{\"event\":");
    canonical::write(out, fields);
    out.push_str(",\"hash\":");
    canonical::string(out, hash);
    out.push('}');
}

const COLUMNS: [&str; 27] = [
    "sequence",
    "at",
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
];

fn cells(chained: &Chained) -> impl Iterator<Item = String> {
    let event = &chained.event;
    let Acting { actor, origin } = &event.acting;
    let shown: Vec<&str> = event.items.shown.iter().map(Item::as_str).collect();
    [
        chained.sequence.to_string(),
        event.at.to_string(),
        actor.kind.as_str().to_owned(),
        actor.id.clone(),
        actor.name.clone(),
        origin.sign_in.clone(),
        origin.session.clone(),
        origin.client_address.clone(),
        origin.request_id.clone(),
        event.action.as_str().to_owned(),
        event.target.kind.clone(),
        event.target.id.clone(),
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
    ]
    .into_iter()
}

/// A cell that a spreadsheet would take for a formula gets an apostrophe in front.
fn inert(cell: String) -> String {
    let risky =
        cell.trim_start().starts_with(['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'])
            || cell.starts_with(['\t', '\r', '\n']);
    if risky { format!("'{cell}") } else { cell }
}

/// RFC 4180, with its line end.
fn csv_row(cells: impl Iterator<Item = String>) -> Vec<u8> {
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::with_capacity(512));
    // Writing into memory cannot fail.
    let _ = writer.write_record(cells.map(String::into_bytes));
    writer.into_inner().unwrap_or_default()
}

/// OCSF 1.3, class API Activity (6003): what a security lake takes in.
fn ocsf(chained: &Chained) -> Value {
    let event = &chained.event;
    let Acting { actor, origin } = &event.acting;
    let activity = activity(event.action);
    let (status_id, status) = match event.outcome {
        Outcome::Done => (1, "Success"),
        Outcome::Refused | Outcome::Failed => (2, "Failure"),
    };
    let user_type = if actor.kind == ActorKind::Person { 1 } else { 3 };
    json!({
        "activity_id": activity, "category_uid": 6, "class_uid": 6003, "type_uid": 600_300 + activity,
        "severity_id": if status_id == 1 { 1 } else { 2 },
        "time": event.at.as_micros() / 1_000,
        "status_id": status_id, "status": status, "status_detail": event.note,
        "message": event.action.words(),
        "actor": {"user": {"uid": actor.id, "name": actor.name, "type_id": user_type, "type": actor.kind.as_str()},
                  "session": {"uid": origin.session}},
        "api": {"operation": event.action.as_str(), "request": {"uid": origin.request_id},
                "service": {"name": "unstale"}},
        "src_endpoint": {"ip": origin.client_address},
        "resources": resources(chained),
        "metadata": {"version": "1.3.0", "uid": chained.sequence.to_string(),
                     "product": {"name": "Unstale", "vendor_name": "Unstale"}, "log_name": "audit"},
        "unmapped": {"reason": event.reason, "sign_in": origin.sign_in, "old": event.old, "new": event.new,
                     "items_count": event.items.count, "items_sha256": event.items.sha256,
                     "aws_request_id": event.aws_request_id, "cloudfront_id": event.cloudfront_id,
                     "previous_hash": chained.previous_hash, "hash": chained.hash},
    })
}

fn resources(chained: &Chained) -> Vec<Value> {
    let event = &chained.event;
    let mut resources = vec![json!({"type": event.target.kind, "uid": event.target.id})];
    resources.extend(event.distribution.iter().map(|id| json!({"type": "distribution", "uid": id.as_str()})));
    resources.extend(event.items.shown.iter().map(|item| json!({"type": "item", "name": item.as_str()})));
    resources
}

/// OCSF's 1 create, 2 read, 3 update, 4 delete, 99 other.
fn activity(action: Action) -> i64 {
    let words = action.as_str();
    if words.ends_with("requested") || words.ends_with("added") || words.ends_with("made") {
        1
    } else if words.ends_with("seen") {
        2
    } else if words.ends_with("changed") || words.ends_with("completed") {
        3
    } else if words.ends_with("cancelled") || words.ends_with("gone") || words.ends_with("dropped") {
        4
    } else {
        99
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        audit::{Event, GENESIS, ItemsRecord},
        time::Timestamp,
    };

    fn hostile(reason: &str) -> Chained {
        let mut event =
            Event::new(Timestamp::from_micros(1), &Acting::service(), Action::InvalidationRequested);
        reason.clone_into(&mut event.reason);
        event.items = ItemsRecord::of(&[Item::from_trusted("/a")]);
        Chained::new(1, event, GENESIS.to_owned())
    }

    #[test]
    fn a_formula_is_only_text_in_a_spreadsheet() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\r=1"] {
            let mut out = Vec::new();
            Form::Csv.write(&mut out, &hostile(formula));
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(out.as_slice());
            let row = reader.records().next().unwrap().unwrap();
            assert_eq!(row.len(), COLUMNS.len());
            assert_eq!(&row[17], format!("'{formula}"));
        }
    }

    #[test]
    fn a_cell_with_quotes_and_lines_reads_back() {
        let mut out = Vec::new();
        let reason = "a \"b\", c\r\nd";
        Form::Csv.write(&mut out, &hostile(reason));
        assert!(out.ends_with(b"\r\n"));
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(out.as_slice());
        assert_eq!(&reader.records().next().unwrap().unwrap()[17], reason);
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
        let value = ocsf(&hostile("why"));
        assert_eq!((value["class_uid"].as_i64(), value["type_uid"].as_i64()), (Some(6003), Some(600_301)));
    }
}
