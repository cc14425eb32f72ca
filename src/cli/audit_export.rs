//! `unstale audit export`: all events in one of three forms, page by page, however many there are.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::PathBuf,
};

use clap::{Args, ValueEnum};

use crate::{
    config::DatabaseArgs,
    domain::audit::export::Form,
    store::{Db, audit},
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
    let mut last = 0;
    let mut buffer = Vec::new();
    loop {
        let page = audit::after(&mut *db.read().await?, last, PAGE).await?;
        let Some(newest) = page.last() else { break };
        last = newest.sequence;
        for chained in &page {
            form.write(&mut buffer, chained);
        }
        out.write_all(&buffer)?;
        buffer.clear();
    }
    Ok(out.flush()?)
}
