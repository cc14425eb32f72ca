//! `unstale audit verify`: checks the chain in the database, or in an exported file without a database.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;

use crate::{
    config::DatabaseArgs,
    domain::audit::{
        head::{Head, PublicKey, SignedHead},
        segment::{Segment, SignedSegment},
        verify::{Broken, Walk},
    },
    store::Db,
    workers::{Check, CheckError, TrustedHeads, compare_with_tables},
};

use super::{
    CliError,
    audit::open_database,
    output::{say, say_aside, say_error},
};

mod file;

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
    },
    /// A file does not begin at the first event, but after this one.
    BeginsLate(Head),
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
        Ok(VerifyOutcome::Broken { walk, broken }) => {
            say(&format!(
                "Broken at event {}: {}.\n{} events before it were checked and are intact.",
                broken.sequence,
                broken.flaw,
                walk.checked()
            ));
            ExitCode::from(1)
        }
        Ok(VerifyOutcome::BeginsLate(before)) => {
            say(&format!(
                "Not verified: the file does not begin with the first event, but after event {0}.\nFor a search's result, \
                 use --part. Where the events before were dropped, use --after {0}:{1}, if you know this hash from \
                 elsewhere.",
                before.sequence, before.hash
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
        0 => "\nNot compared with a known head: to prove also that nothing was cut off at the end, and that it was not \
              rewritten as a whole, name the number and hash of an event that you noted before, with --head."
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
        Some(file) => file::verify_file(file, args, &known),
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
    if let Err(error) = check.finish(db).await {
        return not_intact(check.walk().clone(), error);
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
    match compare_with_tables(db, walk.last().sequence).await {
        Ok(compared) => {
            Ok(VerifyOutcome::Intact(IntactHistory { walk, segments, keys, compared: Some(compared) }))
        }
        Err(CheckError::Broken(broken)) => Ok(VerifyOutcome::Contradicted { walk, broken }),
        Err(error) => Err(error.into()),
    }
}

fn not_intact(walk: Walk, error: CheckError) -> Result<VerifyOutcome, CliError> {
    match error {
        CheckError::Broken(broken) => Ok(VerifyOutcome::Broken { walk, broken }),
        error => Err(error.into()),
    }
}
