//! `unstale audit verify`: checks the chain in the database, or in an export alone and off line.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;

use crate::{
    config::DatabaseArgs,
    domain::audit::{
        head::{Head, PublicKey, SignedHead},
        verify::{Broken, Walk},
    },
    store::Db,
    worker::{Check, CheckError, Known, Step},
};

use super::{CliError, say, say_error};

/// So many rows are read at once.
const ROWS: usize = 2_000;
/// No line of an export is longer: 100 items of 4,000 characters, and the rest.
const LINE_MAX: usize = 4 * 1024 * 1024;

#[derive(Debug, Args)]
pub struct VerifyArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    /// Check this export (JSON Lines) instead of the database.
    #[arg(long)]
    file: Option<PathBuf>,
    /// A head that you know: NUMBER:HASH, a line of the heads' file, or that file. May be given several times.
    #[arg(long)]
    head: Vec<String>,
    /// The only key whose signatures count, as 64 hexadecimal digits. May be given several times.
    #[arg(long)]
    public_key: Vec<String>,
    /// The file is a search's result: events may be missing between, each is checked by itself.
    #[arg(long, requires = "file", conflicts_with = "after")]
    part: bool,
    /// The file begins behind this event, NUMBER:HASH; what was before was dropped.
    #[arg(long, requires = "file", value_name = "HEAD")]
    after: Option<String>,
}

/// How a check ended that could be made.
enum Verdict {
    Intact(Walk),
    Broken { walk: Walk, broken: Broken },
}

pub async fn run(args: VerifyArgs) -> ExitCode {
    match verify(&args).await {
        Ok(Verdict::Intact(walk)) => {
            say(&intact(&args, &walk));
            ExitCode::SUCCESS
        }
        Ok(Verdict::Broken { walk, broken }) => {
            say(&format!(
                "Broken at event {}: {}.\n{} events before it were checked and are intact.",
                broken.sequence,
                broken.flaw,
                walk.checked()
            ));
            ExitCode::from(1)
        }
        Err(error) => {
            say_error(&error);
            ExitCode::from(2)
        }
    }
}

fn intact(args: &VerifyArgs, walk: &Walk) -> String {
    let (checked, last) = (walk.checked(), walk.last());
    let place = args.file.as_ref().map_or("the database".to_owned(), |file| file.display().to_string());
    let heads = match walk.heads() {
        0 if args.part => String::new(),
        0 => " No signed head was met: that nothing was cut off at the end, or all of it rewritten, shows only \
              against one, see --head."
            .to_owned(),
        heads => format!(" {heads} known heads fit."),
    };
    if args.part {
        return format!("Intact: each of {checked} events of {place} is as it was written.{heads}");
    }
    format!(
        "Intact: {checked} events of {place}, up to event {} with hash {}.{heads}",
        last.sequence, last.hash
    )
}

async fn verify(args: &VerifyArgs) -> Result<Verdict, CliError> {
    let known = known(args)?;
    match &args.file {
        Some(file) => verify_file(file, args, &known),
        None => verify_database(&args.database, &known).await,
    }
}

fn known(args: &VerifyArgs) -> Result<Known, CliError> {
    let mut known = Known::default();
    for key in &args.public_key {
        known.keys.push(PublicKey::parse(key).map_err(|error| format!("--public-key: {error}"))?);
    }
    for head in &args.head {
        if head.trim_start().starts_with('{') {
            known.signed.push(SignedHead::parse(head).map_err(|error| format!("--head: {error}"))?);
        } else if Path::new(head).is_file() {
            for line in std::fs::read_to_string(head)?.lines().filter(|line| !line.trim().is_empty()) {
                let signed = SignedHead::parse(line).map_err(|error| format!("--head {head}: {error}"))?;
                known.signed.push(signed);
            }
        } else {
            known.heads.push(Head::parse(head).map_err(|error| format!("--head: {error}"))?);
        }
    }
    Ok(known)
}

async fn verify_database(database: &DatabaseArgs, known: &Known) -> Result<Verdict, CliError> {
    let file = database.database.strip_prefix("sqlite:").map(|rest| rest.trim_start_matches("//"));
    if let Some(missing) = file.filter(|file| !Path::new(file).exists()) {
        return Err(format!("there is no database {missing}; name it with --database sqlite://FILE").into());
    }
    let db = Db::open(&database.database).await?;
    let mut walk = Walk::default();
    let done = walk_database(&db, known, &mut walk).await;
    db.close().await;
    verdict(walk, done)
}

async fn walk_database(db: &Db, known: &Known, walk: &mut Walk) -> Result<(), CheckError> {
    let mut check = Check::begin(db, known).await?;
    loop {
        let step = check.step(db, ROWS).await;
        if !matches!(step, Ok(Step::More)) {
            walk.clone_from(check.walk());
            return step.map(drop);
        }
    }
}

fn verdict(walk: Walk, done: Result<(), CheckError>) -> Result<Verdict, CliError> {
    match done {
        Ok(()) => Ok(Verdict::Intact(walk)),
        Err(CheckError::Broken(broken)) => Ok(Verdict::Broken { walk, broken }),
        Err(error) => Err(error.into()),
    }
}

fn verify_file(file: &Path, args: &VerifyArgs, known: &Known) -> Result<Verdict, CliError> {
    let open = File::open(file).map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    let mut walk = match &args.after {
        Some(head) => Walk::after(Head::parse(head).map_err(|error| format!("--after: {error}"))?),
        None if args.part => Walk::over_a_part(),
        None => Walk::default(),
    };
    let expected = expect(&mut walk, known);
    let done = match expected {
        Ok(()) => walk_file(open, &mut walk),
        Err(broken) => Err(FileError::Broken(broken)),
    };
    match done {
        Ok(()) => Ok(Verdict::Intact(walk)),
        Err(FileError::Broken(broken)) => Ok(Verdict::Broken { walk, broken }),
        Err(FileError::Io(error)) => Err(format!("{} cannot be read: {error}", file.display()).into()),
    }
}

enum FileError {
    Broken(Broken),
    Io(std::io::Error),
}

fn expect(walk: &mut Walk, known: &Known) -> Result<(), Broken> {
    for signed in &known.signed {
        walk.expect_signed(signed, &known.keys)?;
    }
    known.heads.iter().try_for_each(|head| walk.expect(head))
}

fn walk_file(file: File, walk: &mut Walk) -> Result<(), FileError> {
    let mut reader = BufReader::with_capacity(256 * 1024, file);
    let mut line = Vec::new();
    loop {
        line.clear();
        let mut bounded = std::io::Read::take(&mut reader, LINE_MAX as u64);
        if bounded.read_until(b'\n', &mut line).map_err(FileError::Io)? == 0 {
            return walk.end().map_err(FileError::Broken);
        }
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        let taken = match std::str::from_utf8(text) {
            Ok(text) => walk.take_line(text),
            Err(error) => Err(walk.unreadable(walk.last().sequence + 1, &error.to_string())),
        };
        taken.map_err(FileError::Broken)?;
    }
}
