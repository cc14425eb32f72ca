//! Reads what `rclone -v` prints on standard error (rclone 1.60.1), as text and with `--use-json-log`.

use super::{FileChange, FilePlace, Reading, SkipReason, Tool, context::Context, found::Found, json::Json};

/// What stands before the number in a block of statistics.
const STATISTICS: [&str; 9] = [
    "Transferred:",
    "Checks:",
    "Deleted:",
    "Renamed:",
    "Elapsed time:",
    "Errors:",
    "Transferring:",
    "Checking:",
    "Server Side Copies:",
];

pub(super) fn read(body: &str, context: &Context) -> Option<Found> {
    if is_transferred(body) || (context.rclone && is_statistics(body)) {
        return Some(Found::skipped(SkipReason::Progress));
    }
    let (level, message) = message(body)?;
    Some(of_level(level, message))
}

/// What an object of the JSON log says. `None` if it is none: each one names a line of rclone's own source.
pub(super) fn of_json(json: &Json) -> Option<Vec<Reading>> {
    let text = |name: &str| json.get(name).and_then(Json::text);
    let (level, message) = (text("level")?.to_ascii_uppercase(), text("msg")?);
    let (file, line) = text("source")?.rsplit_once(".go:")?;
    if !file.contains('/') || !line.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let found = match text("object") {
        Some(object) => of_level(&level, &format!("{object}: {message}")),
        None => of_level(&level, ""),
    };
    Some(match found {
        Found::One(one) => vec![one],
        Found::Two(first, second) => vec![first, second],
    })
}

fn of_level(level: &str, message: &str) -> Found {
    match level {
        "ERROR" | "CRITICAL" => Found::skipped(SkipReason::Failed),
        "DEBUG" => Found::skipped(SkipReason::Progress),
        _ => of_message(message).unwrap_or_else(|| Found::skipped(SkipReason::Progress)),
    }
}

/// Whether only rclone prints this line.
pub(super) fn is_certain(body: &str) -> bool {
    is_transferred(body) || message(body).is_some()
}

/// The level and the message of `2026/11/28 06:08:21 INFO  : message`.
fn message(body: &str) -> Option<(&str, &str)> {
    let shape = b"0000/00/00 00:00:00 ";
    let fits = body.len() > shape.len()
        && shape.iter().zip(body.bytes()).all(|(want, byte)| match want {
            b'0' => byte.is_ascii_digit(),
            other => *other == byte,
        });
    if !fits {
        return None;
    }
    let (level, message) = body.get(shape.len()..)?.split_once(':')?;
    let level = level.trim_end_matches(' ');
    let known = ["DEBUG", "INFO", "NOTICE", "ERROR", "CRITICAL"].contains(&level);
    known.then_some((level, message.strip_prefix(' ').unwrap_or(message)))
}

/// `name: what happened`. The name may have `: ` in it, so the last one that is followed by a known act counts.
fn of_message(message: &str) -> Option<Found> {
    let message = message.trim_end_matches(' ');
    let written = |name: &str| Found::file(name, FilePlace::Destination, FileChange::Written, Tool::Rclone);
    let deleted = |name: &str| Found::file(name, FilePlace::Destination, FileChange::Deleted, Tool::Rclone);
    for copied in [": Copied (", ": Multi-thread Copied (", ": Moved ("] {
        if let Some((name, act)) = message.rsplit_once(copied) {
            let target = act.split_once(") to: ").map_or(name, |(_, target)| target);
            return Some(written(target));
        }
    }
    if let Some((name, old)) = message.rsplit_once(": Renamed from \"") {
        return Some(Found::renamed(deleted(old.strip_suffix('"')?), written(name)));
    }
    if message.contains(": Skipped ") && message.contains(" as --dry-run is set") {
        return Some(Found::skipped(SkipReason::DryRun));
    }
    if message.contains(": Updated modification time in destination") {
        return Some(Found::skipped(SkipReason::TimeChanged));
    }
    if message.contains(": Unchanged skipping") {
        return Some(Found::skipped(SkipReason::Unchanged));
    }
    message.strip_suffix(": Deleted").or_else(|| message.strip_suffix(": Moved into backup dir")).map(deleted)
}

/// `Transferred:   2 B / 2 B, 100%, 0 B/s, ETA -`
fn is_transferred(body: &str) -> bool {
    let rest = body.trim_start().strip_prefix("Transferred:").map(str::trim_start);
    rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()) && rest.contains('%'))
}

fn is_statistics(body: &str) -> bool {
    let text = body.trim();
    STATISTICS.iter().any(|begin| text.starts_with(begin))
        // A transfer under way: ` *  assets/big.bin: 100% /2.861Mi, 0/s, -`.
        || (text.starts_with("* ") && (text.contains("% /") || text.ends_with(": transferring") || text.ends_with(": checking")))
}
