//! `unstale audit export`: writes all events, or the result of a search, in one of three formats. It works page by
//! page, so the history may have any size.

use std::{
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};

use crate::{
    config::DatabaseArgs,
    domain::audit::{
        Chained,
        export::{self, Form},
        search::AuditQuery,
        verify::form_before,
    },
    store::{
        Db, StoreError,
        audit::{self, StoredEvents},
        distributions,
    },
};

use super::{
    CliError,
    audit::open_database,
    audit_filters::Filters,
    output::{OutputError, say_aside},
    target::OutputTarget,
};

/// The number of events that one query reads.
const PAGE: usize = 2_000;

#[derive(Debug, Args)]
pub struct ExportArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    /// csv for spreadsheets, jsonl for `audit verify --file`, ocsf for security lakes.
    #[arg(long)]
    format: Format,
    /// Begin a CSV file with a byte-order mark, without which Excel garbles letters such as ü.
    #[arg(long)]
    bom: bool,
    /// The file to write, which is there once all of it is; standard output without it.
    #[arg(long)]
    output: Option<PathBuf>,
    #[command(flatten)]
    filters: Filters,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Csv,
    Jsonl,
    Ocsf,
}

impl From<Format> for Form {
    fn from(format: Format) -> Self {
        match format {
            Format::Csv => Self::Csv,
            Format::Jsonl => Self::Jsonl,
            Format::Ocsf => Self::Ocsf,
        }
    }
}

pub async fn run(args: ExportArgs) -> Result<(), CliError> {
    let db = open_database(&args.database).await?;
    let written = write(&db, args).await;
    db.close().await;
    say_aside(&written?);
    Ok(())
}

/// Writes the export, and returns the summary for standard error.
async fn write(db: &Db, args: ExportArgs) -> Result<String, CliError> {
    let distributions = distributions::list(&mut *db.read().await?).await?;
    let search = args.filters.search(&distributions)?;
    let (form, file) = (Form::from(args.format), args.output.as_deref());
    if args.bom && form != Form::Csv {
        return Err("--bom goes only with --format csv; JSON has no byte-order mark".into());
    }
    let mut out = Destination::open(file)?;
    out.write(&if args.bom { form.opening_with_mark() } else { form.opening() })?;
    if search.is_everything() {
        Ok(everything(db, form, out).await?.told(form, file))
    } else {
        Ok(found(db, search, form, out).await?.told_of_a_search(form, file))
    }
}

/// The target that the events are written to.
struct Destination {
    out: BufWriter<OutputTarget>,
    /// The path for error messages. `None` for standard output.
    file: Option<PathBuf>,
}

impl Destination {
    fn open(file: Option<&Path>) -> Result<Self, CliError> {
        let out = BufWriter::with_capacity(256 * 1024, OutputTarget::open(file)?);
        Ok(Self { out, file: file.map(Path::to_owned) })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), CliError> {
        self.out.write_all(bytes).map_err(|error| self.failed(error))
    }

    /// Writes the rest. A file gets its final name only now.
    fn end(mut self) -> Result<(), CliError> {
        self.out.flush().map_err(|error| self.failed(error))?;
        let (target, _) = self.out.into_parts();
        target.finish()
    }

    fn failed(&self, error: io::Error) -> CliError {
        match &self.file {
            Some(path) => unwritten(path, &error),
            None => OutputError::from(error).into(),
        }
    }
}

fn unwritten(file: &Path, error: &io::Error) -> CliError {
    format!("{} cannot be written: {error}", file.display()).into()
}

/// Writes all events, oldest first, in the order in which a chain is verified.
async fn everything(db: &Db, form: Form, mut out: Destination) -> Result<Span, CliError> {
    let mut span = Span::default();
    let mut after = 0;
    let mut page = read(db, after).await?;
    while let Some(last) = page.last() {
        // The page is converted in another thread while the next one is read.
        let text = tokio::task::spawn_blocking(move || page.put_down(form));
        page = read(db, last).await?;
        let (text, next) = match text.await? {
            Some(both) => both,
            None => put_down(form, &between(db, after, last).await?),
        };
        out.write(&text)?;
        span.join(next);
        after = last;
    }
    out.end()?;
    Ok(span)
}

/// Writes the result of a search, newest first, like the history page.
async fn found(db: &Db, mut query: AuditQuery, form: Form, mut out: Destination) -> Result<Span, CliError> {
    let mut span = Span::default();
    loop {
        let page = audit::search(&mut *db.read().await?, &query, PAGE).await?;
        let (text, next) = put_down(form, &audit::readable(page.events)?);
        out.write(&text)?;
        span.join(next);
        if page.older.is_none() {
            break;
        }
        query.before = page.older;
    }
    out.end()?;
    Ok(span)
}

/// A page of events: as one text, or one by one if they cannot be read as one text.
enum Page {
    Stored(StoredEvents),
    Events(Vec<Chained>),
}

async fn read(db: &Db, after: i64) -> Result<Page, StoreError> {
    let mut conn = db.read().await?;
    match audit::stored_events(&mut conn, after, PAGE).await {
        Ok(stored) if stored.len > 0 => Ok(Page::Stored(stored)),
        // An event that is damaged makes the query for one text fail. Reading the events one by one gives an error
        // that names it.
        Ok(_) | Err(_) => Ok(Page::Events(audit::readable(audit::after(&mut conn, after, PAGE).await?)?)),
    }
}

/// Reads the events of a page again, one by one, because one of them is damaged. The error names that event if it
/// cannot be read at all.
async fn between(db: &Db, after: i64, last: i64) -> Result<Vec<Chained>, StoreError> {
    let mut events = audit::readable(audit::after(&mut *db.read().await?, after, PAGE).await?)?;
    events.retain(|chained| chained.sequence <= last);
    Ok(events)
}

impl Page {
    /// The sequence number of the page's last event. `None` if the page is empty.
    fn last(&self) -> Option<i64> {
        match self {
            Self::Stored(stored) => Some(stored.last),
            Self::Events(events) => events.last().map(|newest| newest.sequence),
        }
    }

    /// Converts the page to the format. `None` if an event in the text is damaged.
    fn put_down(self, form: Form) -> Option<(Vec<u8>, Span)> {
        match self {
            Self::Stored(stored) if form == Form::Jsonl => {
                let (mut out, mut span) = (String::new(), Span::default());
                let whole = stored.each(|stored| {
                    // A line without the hash of the event before it could not be verified.
                    let Some(before) = form_before(stored.form) else { return false };
                    export::line(&mut out, stored.form, stored.hash);
                    out.push('\n');
                    span.take(stored.sequence, &before.hash, stored.hash);
                    true
                });
                whole.then_some((out.into_bytes(), span))
            }
            Self::Stored(stored) => Some(put_down(form, &stored.events()?)),
            Self::Events(events) => Some(put_down(form, &events)),
        }
    }
}

fn put_down(form: Form, events: &[Chained]) -> (Vec<u8>, Span) {
    let (mut buffer, mut span) = (Vec::new(), Span::default());
    for chained in events {
        form.write(&mut buffer, chained);
        span.take(chained.sequence, &chained.previous_hash, &chained.hash);
    }
    (buffer, span)
}

/// What was written: the number of events, the first one with the hash before it, and the last one with its own
/// hash.
#[derive(Debug, Default)]
struct Span {
    events: usize,
    first: i64,
    previous_hash: String,
    last: i64,
    hash: String,
}

impl Span {
    fn take(&mut self, sequence: i64, previous_hash: &str, hash: &str) {
        if self.events == 0 {
            self.first = sequence;
            previous_hash.clone_into(&mut self.previous_hash);
        }
        self.events += 1;
        self.last = sequence;
        hash.clone_into(&mut self.hash);
    }

    fn join(&mut self, next: Self) {
        if self.events == 0 {
            *self = next;
        } else if next.events > 0 {
            self.events += next.events;
            (self.last, self.hash) = (next.last, next.hash);
        }
    }

    fn told(&self, form: Form, file: Option<&Path>) -> String {
        let Self { first, last, hash, .. } = self;
        let told = match self.events {
            0 => return "The history is empty: no event was written.".to_owned(),
            1 => format!("1 event written: {first}, with hash {hash}."),
            events => format!("{events} events written: {first} to {last}, the last with hash {hash}."),
        };
        if *first == 1 || form != Form::Jsonl {
            return told;
        }
        let check = check(file);
        let (before, hash) = (first - 1, &self.previous_hash);
        format!(
            "{told} What was before is not in the database; {check} --after {before}:{hash} verifies the rest."
        )
    }

    fn told_of_a_search(&self, form: Form, file: Option<&Path>) -> String {
        let told = match self.events {
            0 => return "Nothing fits: no event was written.".to_owned(),
            1 => "1 event written.".to_owned(),
            events => format!("{events} events written, newest first."),
        };
        if form == Form::Jsonl { format!("{told} {} --part verifies it.", check(file)) } else { told }
    }
}

/// The command that verifies the file.
fn check(file: Option<&Path>) -> String {
    let file = file.map_or("FILE".to_owned(), |file| file.display().to_string());
    format!("unstale audit verify --file {file}")
}
