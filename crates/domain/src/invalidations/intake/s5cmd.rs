//! Reads what `s5cmd cp`, `mv`, `rm` and `sync` print (s5cmd 2.3.0), also with `--json`.

use super::{
    FileChange, FilePlace, IntakeError, Reading, SkipReason, Tool,
    found::{Found, file},
    json::Json,
    two_names,
};

pub(super) fn read(body: &str) -> Option<Found> {
    let body = body.trim_matches(' ');
    if body.starts_with("ERROR \"") && body.contains("s3://") {
        return Some(Found::skipped(SkipReason::Failed));
    }
    let (act, rest) = body.split_once(' ')?;
    match act {
        "cp" | "mv" => of_pair(rest, act == "mv"),
        "rm" if rest.starts_with("s3://") => of_address(rest, FileChange::Deleted),
        _ => None,
    }
}

/// Two names with a blank between them. The second begins at `s3://`.
fn of_pair(rest: &str, moved: bool) -> Option<Found> {
    let from_bucket = rest.starts_with("s3://");
    let Some(pair) = two_names::split(rest, " s3://", "s3://".len()) else {
        // Nobody reads the name of a file that was moved out of its bucket: where it ends cannot be told.
        let found = if moved {
            Found::refused(IntakeError::AmbiguousNames)
        } else {
            Found::skipped(SkipReason::Downloaded)
        };
        return (from_bucket && rest.contains(' ')).then_some(found);
    };
    let (source, target) = match pair {
        Ok(pair) => pair,
        Err(error) => return Some(Found::refused(error)),
    };
    let written = of_address(target, FileChange::Written)?;
    if moved && from_bucket {
        Some(Found::renamed(of_address(source, FileChange::Deleted)?, written))
    } else {
        Some(written)
    }
}

fn of_address(name: &str, change: FileChange) -> Option<Found> {
    let address = two_names::address(name)?;
    Some(Found::file(address.key, FilePlace::Bucket(address.bucket.to_owned()), change, Tool::S5cmd))
}

/// One object of `--json`. `None` if it is something else.
pub(super) fn of_json(json: &Json) -> Option<Vec<Reading>> {
    let act = json.get("operation")?.text()?;
    let name = |key: &str| json.get(key).and_then(Json::text);
    let (source, target) = (name("source"), name("destination"));
    if json.get("success").is_some_and(|success| *success == Json::False) {
        return Some(vec![Reading::Skipped(SkipReason::Failed)]);
    }
    let of = |name: Option<&str>, change| {
        let address = two_names::address(name?)?;
        Some(file(address.key, FilePlace::Bucket(address.bucket.to_owned()), change, Tool::S5cmd, None))
    };
    let written = || of(target, FileChange::Written);
    let deleted = || of(source, FileChange::Deleted);
    let readings = match act {
        "cp" | "sync" => vec![written().unwrap_or(Reading::Skipped(SkipReason::Downloaded))],
        "rm" => vec![deleted()?],
        "mv" => deleted().into_iter().chain(written()).collect(),
        _ => return None,
    };
    source.filter(|_| !readings.is_empty())?;
    Some(readings)
}
