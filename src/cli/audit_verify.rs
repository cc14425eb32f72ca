//! `unstale audit verify`: checks the chain in the database, or in an exported file without a database.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;

use crate::{
    clock::Clock,
    config::DatabaseArgs,
    domain::audit::{
        head::{Head, PublicKey, SignedHead},
        segment::{Segment, SignedSegment},
        verify::{self, Broken, Flaw, Walk},
    },
    store::Db,
    workers::{Check, CheckError, Facts, TrustedHeads, VerificationStep},
};

use super::{
    CliError,
    audit::open_database,
    output::{say, say_aside, say_error},
};

/// The number of rows that one step reads.
const ROWS: usize = 2_000;
/// The number of events that one step compares with the tables.
const STATED: i64 = 2_000;
/// The maximum length of a line in an export: 100 items of 4,000 characters, and the other fields.
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
    /// The file is a search's result: events may be missing between, each is checked alone and against its
    /// neighbours.
    #[arg(long, requires = "file", conflicts_with = "after")]
    part: bool,
    /// The file begins behind this event, NUMBER:HASH; what was before was dropped.
    #[arg(long, requires = "file", value_name = "HEAD")]
    after: Option<String>,
}

/// The result of a check that could be made.
enum VerifyOutcome {
    Intact(IntactHistory),
    Broken {
        walk: Walk,
        broken: Broken,
        hint: String,
    },
    /// The chain is intact, but a table differs from what an event states.
    Contradicted {
        walk: Walk,
        broken: Broken,
    },
}

/// What an intact history contained.
struct IntactHistory {
    walk: Walk,
    /// The signed segments that were exported and dropped.
    segments: Vec<SignedSegment>,
    /// The keys that the heads were signed with.
    keys: BTreeSet<String>,
    /// The number of invalidations and proposals that agree with their events. `None` for a file.
    compared: Option<u64>,
}

pub async fn run(args: VerifyArgs) -> ExitCode {
    match verify(&args).await {
        Ok(VerifyOutcome::Intact(checked)) => {
            say(&intact(&args, &checked));
            ExitCode::SUCCESS
        }
        Ok(VerifyOutcome::Broken { walk, broken, hint }) => {
            say(&format!(
                "Broken at event {}: {}.\n{} events before it were checked and are intact.{hint}",
                broken.sequence,
                broken.flaw,
                walk.checked()
            ));
            ExitCode::from(1)
        }
        Ok(VerifyOutcome::Contradicted { walk, broken }) => {
            say(&format!(
                "Broken at event {}: {}.\nThe chain itself is intact, with {} events: a table beside it was changed.",
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

fn intact(args: &VerifyArgs, checked: &IntactHistory) -> String {
    let IntactHistory { walk, segments, keys, compared } = checked;
    let (number, last) = (walk.checked(), walk.last());
    let place = args.file.as_ref().map_or("the database".to_owned(), |file| file.display().to_string());
    if args.part {
        return format!(
            "Intact, as a part: each of {number} events of {place} fits its hash, and its neighbours where they are \
             there. What is missing between, or was rewritten with its hash, shows only in the whole history."
        );
    }
    let mut lines = vec![format!(
        "Intact: {number} events of {place}, up to event {} with hash {}.{}",
        last.sequence,
        last.hash,
        heads(walk.heads())
    )];
    lines.extend(compared.map(|compared| {
        format!("{compared} invalidations and requests for approval are in the database as their events state them.")
    }));
    lines.extend(segments.iter().map(dropped));
    if args.public_key.is_empty() && !keys.is_empty() {
        let keys = keys.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        lines.push(format!(
            "Heads were signed with the key {keys}. Hold it against the one that you know, or name yours with \
             --public-key."
        ));
    }
    if !walk.beneath().is_empty() {
        let many = walk.beneath().len();
        lines.push(format!(
            "{many} known heads are of events that were dropped: the archive's files have these."
        ));
    }
    lines.join("\n")
}

fn heads(met: u64) -> String {
    match met {
        0 => " No signed head was met: that nothing was cut off at the end, or all of it rewritten, shows only \
              against one, see --head."
            .to_owned(),
        heads => format!(" {heads} known heads fit."),
    }
}

fn dropped(signed: &SignedSegment) -> String {
    let Segment { first, last, last_hash, file, .. } = &signed.segment;
    let key = signed.public_key.as_str();
    format!(
        "Events {first} to {last} were exported to {file} and dropped, signed with the key {key}; the last has hash \
         {last_hash}."
    )
}

async fn verify(args: &VerifyArgs) -> Result<VerifyOutcome, CliError> {
    let known = known(args)?;
    match &args.file {
        Some(file) => verify_file(file, args, &known),
        None => verify_database(&args.database, &known).await,
    }
}

fn known(args: &VerifyArgs) -> Result<TrustedHeads, CliError> {
    let mut known = TrustedHeads::default();
    for key in &args.public_key {
        known.keys.push(PublicKey::parse(key).map_err(|error| format!("--public-key: {error}"))?);
    }
    for head in &args.head {
        if head.trim_start().starts_with('{') {
            known.signed.push(SignedHead::parse(head).map_err(|error| format!("--head: {error}"))?);
        } else if Path::new(head).is_file() {
            known.signed.extend(heads_of(head)?);
        } else {
            known.heads.push(Head::parse(head).map_err(|error| format!("--head: {error}"))?);
        }
    }
    // The user trusts the keys of the signed heads they give. Segments must have been dropped under one of these
    // keys.
    known.segment_keys = known.signed.iter().map(|signed| signed.public_key.clone()).collect();
    Ok(known)
}

/// The heads in a file. Lines that cannot be read are reported and skipped, because a full disk can leave a partial line
/// in a file that may only grow. `Err` if no line can be read.
fn heads_of(file: &str) -> Result<Vec<SignedHead>, CliError> {
    let mut heads = Vec::new();
    let mut wrong = Vec::new();
    for (number, line) in std::fs::read_to_string(file)?.lines().enumerate() {
        match SignedHead::parse(line) {
            Ok(signed) => heads.push(signed),
            Err(_) if line.trim().is_empty() => {}
            Err(error) => wrong.push(format!("--head {file}, line {}: {error}", number + 1)),
        }
    }
    if let Some(first) = wrong.first().filter(|_| heads.is_empty()) {
        return Err(first.clone().into());
    }
    for line in wrong {
        say_aside(&format!("{line}; passed over"));
    }
    Ok(heads)
}

async fn verify_database(database: &DatabaseArgs, known: &TrustedHeads) -> Result<VerifyOutcome, CliError> {
    let db = open_database(database).await?;
    let verdict = walk_database(&db, known).await;
    db.close().await;
    verdict
}

async fn walk_database(db: &Db, known: &TrustedHeads) -> Result<VerifyOutcome, CliError> {
    let mut check = match Check::begin(db, known).await {
        Ok(check) => check,
        Err(error) => return not_intact(Walk::default(), error),
    };
    loop {
        match check.step(db, ROWS).await {
            Ok(VerificationStep::More) => {}
            Ok(VerificationStep::End) => break,
            Err(error) => return not_intact(check.walk().clone(), error),
        }
    }
    let segments = check.segments().to_vec();
    let vouched = !known.keys.is_empty() || !known.segment_keys.is_empty();
    if let Some(beneath) = check.walk().beneath().first().filter(|_| !vouched) {
        return Err(format!(
            "the head of event {beneath} could not be checked: that event was dropped, under a key that is \
             not known as yours; name yours with --public-key, and check the head against the archive's file"
        )
        .into());
    }
    let (walk, keys) = (check.walk().clone(), check.head_keys().clone());
    match compare_tables(db, walk.last().sequence).await {
        Ok(compared) => {
            Ok(VerifyOutcome::Intact(IntactHistory { walk, segments, keys, compared: Some(compared) }))
        }
        Err(CheckError::Broken(broken)) => Ok(VerifyOutcome::Contradicted { walk, broken }),
        Err(error) => Err(error.into()),
    }
}

/// Compares the tables with the events up to `last`, and returns how many objects were compared.
async fn compare_tables(db: &Db, last: i64) -> Result<u64, CheckError> {
    let mut facts = Facts::begin(db, last).await?;
    while facts.step(db, STATED, Clock::system().now()).await? == VerificationStep::More {}
    Ok(facts.compared())
}

fn not_intact(walk: Walk, error: CheckError) -> Result<VerifyOutcome, CliError> {
    match error {
        CheckError::Broken(broken) => Ok(VerifyOutcome::Broken { walk, broken, hint: String::new() }),
        error => Err(error.into()),
    }
}

fn verify_file(file: &Path, args: &VerifyArgs, known: &TrustedHeads) -> Result<VerifyOutcome, CliError> {
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
        Ok(()) => {
            let keys = known.signed.iter().map(|signed| signed.public_key.as_str().to_owned()).collect();
            Ok(VerifyOutcome::Intact(IntactHistory { walk, segments: Vec::new(), keys, compared: None }))
        }
        Err(FileError::Broken(broken)) => {
            let late = walk.checked() == 0 && broken.flaw == Flaw::Missing && args.after.is_none();
            let hint = if late { hint(file)? } else { String::new() };
            Ok(VerifyOutcome::Broken { walk, broken, hint })
        }
        Err(FileError::Io(error)) => Err(format!("{} cannot be read: {error}", file.display()).into()),
    }
}

/// What to do about a file that does not begin at the first event.
fn hint(file: &Path) -> Result<String, CliError> {
    let mut first = String::new();
    BufReader::new(File::open(file)?).take(LINE_MAX as u64).read_line(&mut first)?;
    let before = verify::line_before(first.trim_end());
    Ok(before.map_or(String::new(), |before| {
        format!(
            "\nThe file begins behind event {0}. Where what was before was dropped, name that event with --after \
             {0}:{1}, if you know this hash from elsewhere; for a search's result use --part.",
            before.sequence, before.hash
        )
    }))
}

enum FileError {
    Broken(Broken),
    Io(std::io::Error),
}

fn expect(walk: &mut Walk, known: &TrustedHeads) -> Result<(), Broken> {
    for signed in &known.signed {
        walk.require_signed_head(signed, &known.keys)?;
    }
    known.heads.iter().try_for_each(|head| walk.require_head(head))
}

fn walk_file(file: File, walk: &mut Walk) -> Result<(), FileError> {
    let mut reader = BufReader::with_capacity(256 * 1024, file);
    let mut line = Vec::new();
    loop {
        line.clear();
        let mut bounded = (&mut reader).take(LINE_MAX as u64);
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
