//! Verifies an exported file, without a database.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    path::Path,
};

use crate::{
    domain::audit::{
        export::Form,
        head::Head,
        verify::{self, Broken, Flaw, Walk},
    },
    workers::TrustedHeads,
};

use super::{super::CliError, IntactHistory, VerifyArgs, VerifyOutcome};

/// The maximum length of a line in an export: 100 items of 4,000 characters, and the other fields.
const LINE_MAX: usize = 4 * 1024 * 1024;

pub fn verify_file(file: &Path, args: &VerifyArgs, known: &TrustedHeads) -> Result<VerifyOutcome, CliError> {
    let unreadable = |error: std::io::Error| format!("{} cannot be read: {error}", file.display());
    // It is opened once, because it may be a pipe.
    let mut reader = BufReader::with_capacity(256 * 1024, File::open(file).map_err(unreadable)?);
    let mut line = Vec::new();
    (&mut reader).take(LINE_MAX as u64).read_until(b'\n', &mut line).map_err(unreadable)?;
    let first = String::from_utf8_lossy(&line).into_owned();
    if let Some(form) = other_form(&first) {
        return Err(format!(
            "{} is an export as {form}, which has no hashes to verify. Export it as JSON Lines, and verify that file.",
            file.display()
        )
        .into());
    }
    let mut walk = match &args.after {
        Some(head) => Walk::after(Head::parse(head).map_err(|error| format!("--after: {error}"))?),
        None if args.part => Walk::over_a_part(),
        None => Walk::default(),
    };
    let expected = expect(&mut walk, known);
    let done = match expected {
        Ok(()) => walk_file(line.as_slice().chain(reader), &mut walk),
        Err(broken) => Err(FileError::Broken(broken)),
    };
    match done {
        Ok(()) => {
            let keys = known.signed.iter().map(|signed| signed.public_key.as_str().to_owned()).collect();
            Ok(VerifyOutcome::Intact(IntactHistory { walk, segments: Vec::new(), keys, compared: None }))
        }
        Err(FileError::Broken(broken)) => {
            let is_late = walk.checked() == 0 && broken.flaw == Flaw::Missing && args.after.is_none();
            Ok(match verify::line_before(first.trim_end()).filter(|_| is_late) {
                Some(before) => VerifyOutcome::BeginsLate(before),
                None => VerifyOutcome::Broken { walk, broken },
            })
        }
        Err(FileError::Io(error)) => Err(unreadable(error).into()),
    }
}

/// The name of the form of an export that cannot be verified, by its first line. `None` for JSON Lines and for what is no export.
fn other_form(first: &str) -> Option<&'static str> {
    let csv = Form::Csv.opening();
    if first.trim_start_matches('\u{feff}').trim_end().as_bytes() == csv.trim_ascii_end() {
        return Some("CSV");
    }
    let object: serde_json::Value = serde_json::from_str(first).ok()?;
    object.get("class_uid").map(|_| "OCSF")
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

fn walk_file(mut reader: impl BufRead, walk: &mut Walk) -> Result<(), FileError> {
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
