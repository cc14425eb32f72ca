//! `unstale audit export`: all events in one of three forms, page by page, however many there are.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::PathBuf,
};

use clap::{Args, ValueEnum};

use crate::{
    config::DatabaseArgs,
    domain::audit::{
        Chained,
        export::{self, Form},
    },
    store::{
        Db, StoreError,
        audit::{self, Sheet},
    },
};

use super::CliError;

/// So many events are read at once.
const PAGE: usize = 2_000;

#[derive(Debug, Args)]
pub struct ExportArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    /// csv for spreadsheets, jsonl for `audit verify --file`, ocsf for security lakes.
    #[arg(long)]
    format: Format,
    /// The file to write; standard output without it.
    #[arg(long)]
    output: Option<PathBuf>,
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
    let db = Db::open(&args.database.database).await?;
    let mut out: Box<dyn Write + Send> = match &args.output {
        Some(file) => {
            let made = File::create(file);
            Box::new(made.map_err(|error| format!("{} cannot be written: {error}", file.display()))?)
        }
        None => Box::new(std::io::stdout()),
    };
    let written = write(&db, args.format.into(), BufWriter::with_capacity(256 * 1024, &mut out)).await;
    db.close().await;
    written
}

async fn write(db: &Db, form: Form, mut out: impl Write) -> Result<(), CliError> {
    out.write_all(&form.opening())?;
    let mut after = 0;
    let mut page = read(db, after).await?;
    while let Some(last) = page.last() {
        // One page is put down while the next is read.
        let text = tokio::task::spawn_blocking(move || page.put_down(form));
        page = read(db, last).await?;
        match text.await? {
            Some(text) => out.write_all(&text)?,
            None => out.write_all(&put_down(form, &between(db, after, last).await?))?,
        }
        after = last;
    }
    Ok(out.flush()?)
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
        Ok(_) | Err(_) => Ok(Page::Events(audit::after(&mut conn, after, PAGE).await?)),
    }
}

/// The events of a text of which one is damaged; the error names it where it cannot be read.
async fn between(db: &Db, after: i64, last: i64) -> Result<Vec<Chained>, StoreError> {
    let mut events = audit::after(&mut *db.read().await?, after, PAGE).await?;
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
    fn put_down(self, form: Form) -> Option<Vec<u8>> {
        match self {
            Self::Sheet(sheet) if form == Form::Jsonl => {
                let mut out = String::new();
                let whole = sheet.forms(|fields, hash| {
                    export::line(&mut out, fields, hash);
                    out.push('\n');
                    true
                });
                whole.then_some(out.into_bytes())
            }
            Self::Sheet(sheet) => Some(put_down(form, &sheet.events()?)),
            Self::Events(events) => Some(put_down(form, &events)),
        }
    }
}

fn put_down(form: Form, events: &[Chained]) -> Vec<u8> {
    let mut buffer = Vec::new();
    for chained in events {
        form.write(&mut buffer, chained);
    }
    buffer
}
