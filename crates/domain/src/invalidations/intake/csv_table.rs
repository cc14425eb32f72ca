//! Reads tables with a column of URLs: CSV, also with semicolons or tabs.

use super::{
    Entry, IntakeError, Reading, SkipReason,
    lines::{Line, starts_with_http},
};
use crate::invalidations::item::begins_with_a_host;

/// How the column with URLs may be called, the surest name first.
const NAMES: [&str; 24] = [
    "url",
    "urls",
    "full url",
    "page url",
    "page_url",
    "address",
    "permalink",
    "loc",
    "location",
    "link",
    "href",
    "uri",
    "top pages",
    "landing page",
    "page",
    "page path",
    "page_path",
    "page path and screen class",
    "page path + query string",
    "request_uri",
    "cs-uri-stem",
    "request url",
    "path",
    "paths",
];
/// The longest name of a column, in bytes. A longer text is a sentence.
const NAME_MAX: usize = 40;
const COLUMNS_MAX: usize = 200;

/// The entries of the text, if it is a table with a column of URLs as a whole.
pub(super) fn read(text: &str, lines: &[Line<'_>]) -> Option<Vec<Entry>> {
    let [first, second, ..] = lines else { return None };
    let delimiter = [',', ';', '\t'].into_iter().find(|delimiter| first.text.contains(*delimiter))?;
    if first.is_plain && !is_header(first.text, delimiter) || !second.text.contains(delimiter) {
        return None;
    }
    let rows = rows(text.trim_start_matches('\u{feff}'), delimiter, lines)?;
    let (header, body) = rows.split_first()?;
    let named = column_of(&header.cells);
    let (column, body) = match named {
        Some(column) => (column, body),
        None => (column_with_urls(&rows, lines)?, &rows[..]),
    };
    let heading = named.map(|_| Entry {
        number: header.number,
        typed: first.text.to_owned(),
        reading: Reading::Skipped(SkipReason::Progress),
    });
    Some(heading.into_iter().chain(body.iter().map(|row| of_row(row, column))).collect())
}

struct Row {
    number: usize,
    cells: Vec<String>,
}

fn of_row(row: &Row, column: usize) -> Entry {
    let typed = row.cells.get(column).map(|cell| cell.trim()).unwrap_or_default().to_owned();
    let reading = if typed.is_empty() {
        Reading::Skipped(SkipReason::EmptyRow)
    } else if typed.starts_with('/') || starts_with_http(&typed) || begins_with_a_host(&typed) {
        Reading::Typed(typed.clone())
    } else {
        Reading::Refused(IntakeError::RowWithoutUrl { column: column + 1 })
    };
    Entry { number: row.number, typed, reading }
}

/// The rows of the text. `None` if they have not all as many cells as the first one, so that it is no table.
fn rows(text: &str, delimiter: char, lines: &[Line<'_>]) -> Option<Vec<Row>> {
    let delimiter = u8::try_from(delimiter).ok()?;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(text.as_bytes());
    let mut rows: Vec<Row> = Vec::new();
    // The byte-order mark before the text is not part of it.
    let shift = lines.first()?.start;
    let mut record = csv::StringRecord::new();
    let mut next_line = 0;
    while reader.read_record(&mut record).ok()? {
        let cells: Vec<String> = record.iter().map(str::to_owned).collect();
        if cells.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let wanted = rows.first().map_or(cells.len(), |first| first.cells.len());
        if cells.len() != wanted || !(2..=COLUMNS_MAX).contains(&cells.len()) {
            return None;
        }
        // The position is that of blank lines before the row, if there are any.
        let begin = usize::try_from(record.position()?.byte()).ok()? + shift;
        while lines.get(next_line).is_some_and(|line| line.start + line.raw.len() < begin.max(1)) {
            next_line += 1;
        }
        rows.push(Row { number: lines.get(next_line)?.number, cells });
        next_line += 1;
    }
    Some(rows)
}

fn is_header(text: &str, delimiter: char) -> bool {
    text.split(delimiter).any(is_name)
}

/// Whether a column with URLs may be called so.
pub(super) fn is_name(text: &str) -> bool {
    NAMES.contains(&text.trim().trim_matches('"').to_lowercase().as_str())
}

/// The column whose name says that it has URLs.
fn column_of(header: &[String]) -> Option<usize> {
    let names: Vec<String> = header.iter().map(|name| name.trim().to_lowercase()).collect();
    if names.iter().any(|name| name.len() > NAME_MAX || name.starts_with('/') || starts_with_http(name)) {
        return None;
    }
    NAMES.iter().find_map(|wanted| names.iter().position(|name| name == wanted))
}

/// The only column in which each row has a URL. A row that begins with a URL may also be one path with commas in it,
/// so such a text is no table.
fn column_with_urls(rows: &[Row], lines: &[Line<'_>]) -> Option<usize> {
    if rows.len() < 2 || lines.iter().any(|line| line.is_plain) {
        return None;
    }
    let has_urls = |column: &usize| rows.iter().all(|row| starts_with_http(row.cells[*column].trim()));
    let mut columns = (0..rows[0].cells.len()).filter(has_urls);
    let column = columns.next()?;
    columns.next().is_none().then_some(column)
}
