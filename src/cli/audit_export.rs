//! `unstale audit export`: all events in one of three forms, page by page, however many there are.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::PathBuf,
};

use clap::{Args, ValueEnum};

use crate::{
    config::DatabaseArgs,
    domain::audit::{Chained, export::Form},
    store::{Db, StoreError, audit},
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
    let mut page = read(db, 0).await?;
    while let Some(last) = page.last().map(|newest| newest.sequence) {
        // One page is put down while the next is read.
        let written = tokio::task::spawn_blocking(move || put_down(form, &page));
        page = read(db, last).await?;
        out.write_all(&written.await?)?;
    }
    Ok(out.flush()?)
}

/// The next events after this one; where one is damaged the error names it.
async fn read(db: &Db, after: i64) -> Result<Vec<Chained>, StoreError> {
    let mut conn = db.read().await?;
    let sheet = audit::sheet(&mut conn, after, PAGE).await;
    match sheet.ok().filter(|sheet| sheet.len > 0).and_then(|sheet| sheet.events()) {
        Some(events) => Ok(events),
        None => audit::after(&mut conn, after, PAGE).await,
    }
}

fn put_down(form: Form, page: &[Chained]) -> Vec<u8> {
    let mut buffer = Vec::new();
    for chained in page {
        form.write(&mut buffer, chained);
    }
    buffer
}
