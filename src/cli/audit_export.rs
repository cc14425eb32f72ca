//! `unstale audit export`: all events, or what a search finds, in one of three forms, page by page, however many there
//! are.

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
        audit::{self, Sheet},
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

/// So many events are read at once.
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

/// Gives what there is to say about it.
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

/// Where the events are written to.
struct Destination {
    out: BufWriter<OutputTarget>,
    /// Standard output without it.
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

    /// Puts a file in its place.
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

/// Oldest first, as a chain is verified.
async fn everything(db: &Db, form: Form, mut out: Destination) -> Result<Span, CliError> {
    let mut span = Span::default();
    let mut after = 0;
    let mut page = read(db, after).await?;
    while let Some(last) = page.last() {
        // One page is put down while the next is read.
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

/// Newest first, as the page has it.
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

/// The next events, as one text or, where there is none, each by itself.
enum Page {
    Sheet(Sheet),
    Events(Vec<Chained>),
}

async fn read(db: &Db, after: i64) -> Result<Page, StoreError> {
    let mut conn = db.read().await?;
    match audit::sheet(&mut conn, after, PAGE).await {
        Ok(sheet) if sheet.len > 0 => Ok(Page::Sheet(sheet)),
        Ok(_) | Err(_) => Ok(Page::Events(audit::readable(audit::after(&mut conn, after, PAGE).await?)?)),
    }
}

/// The events of a text of which one is damaged; the error names it where it cannot be read.
async fn between(db: &Db, after: i64, last: i64) -> Result<Vec<Chained>, StoreError> {
    let mut events = audit::readable(audit::after(&mut *db.read().await?, after, PAGE).await?)?;
    events.retain(|chained| chained.sequence <= last);
    Ok(events)
}

impl Page {
    /// The sequence of its last event; `None` where there are no more.
    fn last(&self) -> Option<i64> {
        match self {
            Self::Sheet(sheet) => Some(sheet.last),
            Self::Events(events) => events.last().map(|newest| newest.sequence),
        }
    }

    /// `None` where an event of the text is damaged.
    fn put_down(self, form: Form) -> Option<(Vec<u8>, Span)> {
        match self {
            Self::Sheet(sheet) if form == Form::Jsonl => {
                let (mut out, mut span) = (String::new(), Span::default());
                let whole = sheet.each(|stored| {
                    // What does not even say what was before it is no line that could be verified.
                    let Some(before) = form_before(stored.form) else { return false };
                    export::line(&mut out, stored.form, stored.hash);
                    out.push('\n');
                    span.take(stored.sequence, &before.hash, stored.hash);
                    true
                });
                whole.then_some((out.into_bytes(), span))
            }
            Self::Sheet(sheet) => Some(put_down(form, &sheet.events()?)),
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

/// What was written: how many events, the first one with the hash before it, and the last one with its own.
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
